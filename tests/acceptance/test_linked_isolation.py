"""Nobody ever gets another's linked mailbox: the same subjects at two issuers, linking and unlinking all the time.

``make soak`` makes ten thousand requests; the test command a small part of them, by the same seed.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.blackbox import linking
from tests.blackbox.gateway_process import GatewayProcess
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_config import DovecotOptions
from tests.servers.postgresql import Postgresql
from tests.servers.tokens import TokenIssuer

from .figures import show

SUBJECTS = 10
REQUESTS = int(os.environ.get("ACCEPTANCE_REQUESTS", "1000"))
WORKERS = 16
SEED = 20261127


@dataclass
class Box:
    """A mailbox; ``name`` is its user, and that of a folder in it. ``id``: as what it is linked, if it is."""

    name: str
    id: str | None = None
    busy: bool = False


@dataclass
class Owner:
    """One subject of one issuer, with mailboxes that nobody else may ever see."""

    headers: dict[str, str]
    boxes: list[Box]


@dataclass
class Fleet:
    owners: list[Owner]
    http: httpx.AsyncClient
    chance: random.Random
    kinds: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    async def run(self, requests: int) -> None:
        left = iter(range(requests))

        async def work() -> None:
            for _ in left:
                await self._one(self.chance.choice(self.owners))

        await asyncio.gather(*(work() for _ in range(WORKERS)))

    async def _one(self, owner: Owner) -> None:
        box = self.chance.choice(owner.boxes)
        what = self.chance.choices(("read", "me", "link", "unlink", "steal"), (60, 10, 12, 8, 10))[0]
        if what == "link":
            await self._link(owner, box)
        elif what == "unlink" and box.id is not None and not box.busy:
            account, box.id = box.id, None
            answer = await self.http.delete(f"/v1/accounts/{account}", headers=owner.headers)
            self._count("unlink", answer, {204})
        elif what == "steal":
            await self._steal(owner)
        elif what == "me":
            answer = await self.http.get("/v1/accounts/me/folders", headers=owner.headers)
            self._read("me", answer, {each.name for each in owner.boxes})
        elif box.id is not None:
            answer = await self.http.get(f"/v1/accounts/{box.id}/folders", headers=owner.headers)
            self._read("read", answer, {box.name})

    async def _link(self, owner: Owner, box: Box) -> None:
        """Linked, or linked anew; now and then with a password that is another mailbox's, which changes nothing."""
        if box.busy:
            return
        box.busy = True
        try:
            wrong = self.chance.random() < 0.2
            password = f"{self.chance.choice(self.owners).boxes[0].name}pw" if wrong else f"{box.name}pw"
            body = {"address": f"{box.name}@example.org", "password": password}
            answer = await self.http.post("/v1/accounts", json=body, headers=owner.headers)
            good = password == f"{box.name}pw"
            self._count("link" if good else "wrong password", answer, {200, 201} if good else {422, 429, 503})
            if answer.is_success:
                box.id = answer.json()["id"]
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

    def _read(self, kind: str, answer: httpx.Response, own: set[str]) -> None:
        """Unlinked meanwhile, it is not found; what is found is the owner's."""
        self._count(kind, answer, {200, 404})
        if answer.status_code == 200:
            seen = {each["name"] for each in answer.json()["folders"] if each["name"].startswith("guest")}
            if not (len(seen) == 1 and seen <= own):
                self.wrong.append(f"{kind}: {seen} for {own}")

    def _count(self, kind: str, answer: httpx.Response, expected: set[int]) -> None:
        self.kinds[f"{kind} {answer.status_code}"] += 1
        if answer.status_code not in expected:
            self.wrong.append(f"{kind}: {answer.status_code} {answer.text}")


@pytest.fixture
def mail(needs_dovecot: None) -> Iterator[Dovecot]:
    with Dovecot(DovecotOptions()) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'accounts.db'}"
    server: Postgresql = request.getfixturevalue("postgresql")
    return server.database()


async def test_linked_accounts_of_the_same_subjects_at_two_issuers(
    mail: Dovecot, tokens: TokenIssuer, database: str, tmp_path: Path
) -> None:
    second = TokenIssuer(tmp_path / "second", issuer="https://other.example.test")
    gateway = linking.start(mail, tokens, database)
    gateway.environ = {**gateway.environ, "GATEWAY__ISSUERS": linking.toml([issuer(tokens), issuer(second)])}
    with gateway:
        owners = await asyncio.to_thread(settle, mail, gateway, (tokens, second))
        limits = httpx.Limits(max_connections=WORKERS)
        async with httpx.AsyncClient(base_url=gateway.url, timeout=60, trust_env=False, limits=limits) as http:
            fleet = Fleet(owners, http, random.Random(SEED))
            await fleet.run(REQUESTS)
        show(f"{len(owners)} owners of linked accounts", requests=REQUESTS, kinds=dict(sorted(fleet.kinds.items())))
        assert fleet.wrong == []
        for kind in ("read 200", "link 201", "link 200", "wrong password 422", "unlink 204", "steal 404"):
            assert fleet.kinds[kind] > 0, fleet.kinds


def issuer(made: TokenIssuer) -> dict[str, str]:
    return {
        "issuer": made.issuer,
        "audience": made.audience,
        "profile": "keycloak",
        "jwks_file": str(made.jwks_file),
    }


def settle(mail: Dovecot, gateway: GatewayProcess, issuers: tuple[TokenIssuer, ...]) -> list[Owner]:
    owners = []
    for number in range(SUBJECTS):
        for made in issuers:
            email = f"user{number}@elsewhere.example"
            token = made.token("user", profile="keycloak", ttl=3000, sub=f"subject-{number}", email=email)
            boxes = [Box(mail.guest()[0]) for _ in range(2)]
            for box in boxes:
                with mail.client(box.name) as imap:
                    imap.create(box.name)
            owners.append(Owner({"Authorization": f"Bearer {token}"}, boxes))
    return owners
