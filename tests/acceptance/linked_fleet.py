"""Owners of linked mailboxes who do all that can be done with them, at once; what they see must be their own."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import httpx

from tests.servers.dovecot import Dovecot

from .owners import MARK

ACTS: Final = {"read": 50, "me": 10, "link": 20, "unlink": 6, "change": 4, "raw": 6, "steal": 10}
"""How often each is done."""


@dataclass
class Box:
    """A mailbox; ``name`` is its user, and that of a folder in it. ``id``: as what it is linked, if it is.

    ``busy``: it is being linked. ``changes`` of its password are counted as they begin and as the new one is linked, so
    the number is odd as long as what the gateway has may be an old one.
    """

    name: str
    password: str
    large: bool = False
    id: str | None = None
    busy: bool = False
    changes: int = 0

    @property
    def mark(self) -> str:
        return f"~{self.name}~"


@dataclass
class Owner:
    """One subject of one issuer, with mailboxes that nobody else may ever see."""

    headers: dict[str, str]
    boxes: list[Box]


@dataclass
class Fleet:
    """``kinds`` counts what was done and how it ended; ``wrong`` must stay empty."""

    owners: list[Owner]
    http: httpx.AsyncClient
    chance: random.Random
    mail: Dovecot
    kinds: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    async def run(self, requests: int, *, workers: int) -> None:
        left = iter(range(requests))

        async def work() -> None:
            for _ in left:
                await self._one(self.chance.choice(self.owners))

        await asyncio.gather(*(work() for _ in range(workers)))

    async def _one(self, owner: Owner) -> None:
        box = self.chance.choice(owner.boxes)
        match self.chance.choices(list(ACTS), list(ACTS.values()))[0]:
            case "link":
                await self._link(owner, box)
            case "unlink":
                await self._unlink(owner, box)
            case "change":
                await self._change(owner, box)
            case "raw":
                large = [(each, own) for each in self.owners for own in each.boxes if own.large]
                await self._raw(*self.chance.choice(large))
            case "steal":
                await self._steal(owner)
            case "me":
                await self._read("me", "me", owner, owner.boxes)
            case _ if box.id is not None:
                await self._read("read", box.id, owner, [box])

    async def _link(self, owner: Owner, box: Box) -> None:
        """Linked, or linked anew; now and then with a password that is another mailbox's, which changes nothing."""
        if box.busy:
            return
        box.busy = True
        try:
            other = self.chance.choice(self.owners).boxes[0].password
            if self.chance.random() < 0.2 and other != box.password:
                await self._linked("wrong password", owner, box, other, {422, 429, 503})
            else:
                await self._linked("link", owner, box, box.password, {200, 201})
        finally:
            box.busy = False

    async def _linked(self, kind: str, owner: Owner, box: Box, password: str, expected: set[int]) -> None:
        body = {"address": f"{box.name}@example.org", "password": password}
        answer = await self.http.post("/v1/accounts", json=body, headers=owner.headers)
        self._count(kind, answer, expected)
        if answer.is_success:
            box.id = answer.json()["id"]

    async def _unlink(self, owner: Owner, box: Box) -> None:
        if box.id is None or box.busy:
            return
        account, box.id = box.id, None
        answer = await self.http.delete(f"/v1/accounts/{account}", headers=owner.headers)
        self._count("unlink", answer, {204})

    async def _change(self, owner: Owner, box: Box) -> None:
        """Another password at the mail server: the old one links nothing more, the new one does."""
        if box.busy:
            return
        box.busy = True
        try:
            old, box.password = box.password, f"{box.password}+"
            box.changes += 1
            await asyncio.to_thread(self.mail.change_password, box.name, box.password)
            if self.chance.random() < 0.5:
                await self._linked("old password", owner, box, old, {422, 429, 503})
            await self._linked("new password", owner, box, box.password, {200, 201})
            box.changes += 1
        finally:
            box.busy = False

    async def _steal(self, owner: Owner) -> None:
        """Somebody else's id: of the same subject at the other issuer as often as not."""
        other = self.chance.choice(self.owners)
        account = self.chance.choice(other.boxes).id
        if other is owner or account is None:
            return
        answer = await self.http.get(f"/v1/accounts/{account}/folders", headers=owner.headers)
        self._count("steal", answer, {404})

    async def _read(self, kind: str, account: str, owner: Owner, boxes: list[Box]) -> None:
        """Unlinked meanwhile, it is not found; changed meanwhile, it may be refused; what is found is the owner's."""
        before = [box.changes for box in boxes]
        answer = await self.http.get(f"/v1/accounts/{account}/folders", headers=owner.headers)
        changed = any(count % 2 for count in before) or before != [box.changes for box in boxes]
        expected = {200, 404, 503}  # the latter: a moment after somebody's wrong password for the same mailbox
        self._count(kind, answer, expected | {403} if changed else expected)
        if answer.status_code == 200:
            seen = {each["name"] for each in answer.json()["folders"] if each["name"].startswith("guest")}
            if not (len(seen) == 1 and seen <= {box.name for box in boxes}):
                self.wrong.append(f"{kind}: {seen} for {[box.name for box in boxes]}")

    async def _raw(self, owner: Owner, box: Box) -> None:
        """A message that is read to its end, or not; in its midst the account may be unlinked, or linked anew."""
        if box.busy:
            return
        if box.id is None:
            await self._link(owner, box)
        if box.id is None or box.busy:
            return
        below = f"/v1/accounts/{box.id}"
        page = await self.http.get(f"{below}/folders/inbox/messages", headers=owner.headers)
        if page.status_code != 200:
            return
        midway: dict[str, Callable[[Owner, Box], Awaitable[None]] | None] = {
            "unlinked midway": self._unlink, "linked anew midway": self._change, "left": None,
        }  # fmt: skip
        how = self.chance.choice(list(midway))
        place = f"{below}/messages/{page.json()['messages'][0]['id']}/raw"
        try:
            async with self.http.stream("GET", place, headers=owner.headers) as answer:
                if answer.status_code != 200:
                    return
                await self._marked(how, midway[how], answer, owner, box)
        except httpx.TransportError:
            self.kinds[f"raw {how} cut"] += 1

    async def _marked(
        self,
        how: str,
        act: Callable[[Owner, Box], Awaitable[None]] | None,
        answer: httpx.Response,
        owner: Owner,
        box: Box,
    ) -> None:
        seen: set[bytes] = set()
        rest = b""
        acted = False
        async for piece in answer.aiter_bytes(65_536):
            seen |= set(MARK.findall(rest + piece))
            rest = piece[-64:]
            if not acted:
                acted = True
                if act is None:
                    break
                await act(owner, box)
        self.kinds[f"raw {how} {answer.status_code}"] += 1
        if seen != {box.name.encode()}:
            self.wrong.append(f"raw {how}: {sorted(seen)} for {box.name}")

    def _count(self, kind: str, answer: httpx.Response, expected: set[int]) -> None:
        self.kinds[f"{kind} {answer.status_code}"] += 1
        if answer.status_code not in expected:
            self.wrong.append(f"{kind}: {answer.status_code} {answer.text}")
