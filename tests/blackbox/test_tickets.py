"""Streams that are opened by a ticket, on every server."""

from __future__ import annotations

import asyncio

import httpx

from .conftest import Site
from .events import watching
from .mail import plain, stored


async def ticket_for(client: httpx.AsyncClient, **wanted: object) -> str:
    answer = await client.post("/events/tickets", json=wanted)
    assert answer.status_code == 201, answer.text
    ticket: str = answer.json()["ticket"]
    return ticket


def bare(site: Site) -> httpx.AsyncClient:
    """What EventSource is: a client without a token."""
    return httpx.AsyncClient(base_url=f"{site.gateway.url}/v1/accounts/me", timeout=30, trust_env=False, verify=False)


async def test_a_ticket_opens_a_stream_and_the_next_goes_on_from_there(client: httpx.AsyncClient, site: Site) -> None:
    async with bare(site) as source:
        ticket = await ticket_for(client, folders=["inbox"])
        async with watching(source, ticket=ticket) as events:
            assert (await events.next()).kind == "hello"
            assert events.retry is not None
            assert 1000 <= events.retry <= 3000
            first = await stored(client, plain(1))
            arrived = await events.until("changes")
            assert [summary["id"] for summary in arrived.data["created"]] == [first]
        missed = await stored(client, plain(2))
        again = await source.get("/events", params={"ticket": ticket}, headers={"Last-Event-ID": str(arrived.id)})
        assert (again.status_code, again.json()["type"]) == (401, "/problems/ticket-refused")
        ticket = await ticket_for(client, folders=["inbox"], since=arrived.id, closeafter="state", ping=5)
        async with watching(source, ticket=ticket) as events:
            assert (await events.next()).data["heartbeatSeconds"] == 5
            caught_up = await events.until("changes")
            assert [summary["id"] for summary in caught_up.data["created"]] == [missed]
            assert caught_up.data["oldState"] == arrived.id
            assert (await events.next()).data["reason"] == "close-after"


async def test_sse_tickets_a_hundred_at_once_open_one_stream(client: httpx.AsyncClient, site: Site) -> None:
    """Attack: a ticket that leaked is used by many at the same moment."""
    ticket = await ticket_for(client)
    known = asyncio.Event()
    statuses: list[int] = []

    async def use(source: httpx.AsyncClient) -> None:
        async with source.stream("GET", "/events", params={"ticket": ticket}) as answer:
            statuses.append(answer.status_code)
            if len(statuses) == 100:
                known.set()
            await known.wait()  # the stream that was opened is open until all have their answer

    async with bare(site) as source, asyncio.timeout(60):
        await asyncio.gather(*(use(source) for _ in range(100)))
    assert sorted(statuses) == [200] + [401] * 99
    assert ticket not in site.gateway.log.read_text()


async def test_the_stream_of_a_ticket_ends_with_the_token_that_took_it(site: Site, user: str) -> None:
    headers = site.gateway.headers(user, ttl=3)
    async with bare(site) as source:
        answer = await source.post("/events/tickets", json={}, headers=headers)
        async with watching(source, ticket=answer.json()["ticket"]) as events:
            bye = await events.until("bye", timeout=90)
            assert bye.data["reason"] == "token-expired"


async def test_a_ticket_is_of_its_own_caller_and_account(client: httpx.AsyncClient, site: Site) -> None:
    mine = await stored(client, plain(1))
    ticket = await ticket_for(client)
    async with site.gateway.client(site.guest()) as other:
        refused = await other.get("/events", params={"ticket": ticket})
        assert (refused.status_code, refused.json()["field"]) == (400, "Authorization")
    async with bare(site) as source:
        assert (await source.get(f"/messages/{mine}", params={"ticket": ticket})).status_code == 401
        async with watching(source, ticket=ticket) as events:
            (watched,) = (await events.next()).data["watching"]
            assert watched["folderId"] == (await client.get("/folders/inbox")).json()["id"]
