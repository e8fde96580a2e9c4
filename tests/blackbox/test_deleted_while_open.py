"""A folder that several connections have open is deleted by somebody else: some servers hang up on each of them."""

from __future__ import annotations

import asyncio

import httpx

from .conftest import Site
from .mail import plain, stored


async def test_it_spoils_no_other_request(client: httpx.AsyncClient, site: Site, user: str) -> None:
    other = site.imap(user)
    for number in range(4):
        name = f"short-lived{number}"
        folder = (await client.post("/folders", json={"name": name})).json()["id"]
        for answer in await asyncio.gather(*(client.get(f"/folders/{folder}/messages") for _ in range(6))):
            assert answer.status_code == 200
        assert other.delete(name)[0] == "OK"
        await asyncio.gather(*(stored(client, plain(number)) for _ in range(3)))
        assert (await client.post("/folders", json={"name": f"{name}-next"})).status_code == 201
    assert (await client.get("/folders/inbox")).json()["totalMessages"] == 12
    other.logout()
