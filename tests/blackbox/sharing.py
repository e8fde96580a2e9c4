"""Two users of one server, and a folder that one of them lets the other see."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote

import httpx

from .conftest import Site
from .mail import plain, stored


def known_as(site: Site, user: str) -> str:
    """What the mail server calls the user in its lists."""
    return user if site.name == "cyrus" else f"{user}@example.org"


@dataclass(frozen=True)
class Circle:
    """``owner`` has the folder ``folder``; ``guest`` is to get rights on it, and is ``who`` in its list."""

    site: Site
    owner: httpx.AsyncClient
    guest: httpx.AsyncClient
    owner_name: str
    who: str
    folder: str

    @property
    def path(self) -> str:
        return f"/folders/{self.folder}/rights/{quote(self.who, safe='')}"

    async def grant(self, *words: str) -> None:
        answer = await self.owner.put(self.path, json={"rights": list(words)})
        assert answer.status_code == 200, answer.text

    async def withdraw(self) -> None:
        answer = await self.owner.delete(self.path)
        assert answer.status_code == 204, answer.text

    async def found(self) -> dict[str, object] | None:
        """The folder as the guest's tree shows it, with the rights; None where it does not."""
        answer = await self.guest.get("/folders", params={"rights": "true"})
        assert answer.status_code == 200, answer.text
        mine = [f for f in answer.json()["folders"] if f["owner"] == self.owner_name and f["name"] == "Minutes"]
        return mine[0] if mine else None

    async def there(self) -> str:
        """The folder's id to the guest."""
        found = await self.found()
        assert found is not None
        return str(found["id"])


@asynccontextmanager
async def circle(site: Site) -> AsyncIterator[Circle]:
    owner, guest = site.guest(), site.guest()
    async with site.gateway.client(owner) as first, site.gateway.client(guest) as second:
        made = await first.post("/folders", json={"name": "Minutes"})
        assert made.status_code == 201, made.text
        folder = made.json()["id"]
        await stored(first, plain(1), folder)
        yield Circle(site, first, second, known_as(site, owner), known_as(site, guest), folder)


def octets(size: int) -> bytes:
    """A message of about that size that nothing can compress."""
    return plain(7, body=os.urandom(size // 2).hex() + "\n")
