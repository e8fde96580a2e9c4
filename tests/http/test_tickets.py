"""Tickets: the store by itself, and the stream that one opens."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from gateway.errors import TooManyRequests, Unavailable
from gateway.http.query import NoQuery
from gateway.http.tickets import Grant, MemoryTickets, digest_of, new_ticket
from gateway.identity.principal import Principal
from gateway.live.event import Bye, Hello, WatchedFolder
from gateway.secret import Secret
from gateway.settings.model import Limits, Server

from . import doubles
from .conftest import Gateway, GatewayFactory
from .doubles import changes

EVENTS = "/v1/accounts/me/events"
TICKETS = EVENTS + "/tickets"
HELLO = Hello(watching=[WatchedFolder(folder_id="f1", mode="idle", state="s1")], heartbeat_seconds=15)
BYE = Bye(reason="drain", retry=1234)


def grant(subject: str = "somebody", size: int = 10) -> Grant:
    principal = Principal(
        issuer="https://issuer.example.org",
        subject=subject,
        scopes=frozenset(),
        expires_at=10_000.0,
        claims={},
        audiences=frozenset(),
        token=Secret("token"),
    )
    return Grant(principal, "account-1", NoQuery(), size)


async def taken(client: httpx.AsyncClient, **body: object) -> str:
    answer = await client.post(TICKETS, json=body)
    assert answer.status_code == 201, answer.text
    ticket: str = answer.json()["ticket"]
    assert answer.json()["url"] == f"{EVENTS}?ticket={ticket}"
    return ticket


async def opened(gateway: Gateway, ticket: str, **headers: str) -> httpx.Response:
    """As EventSource does: without a token."""
    async with gateway.client(None) as bare:
        return await bare.get(EVENTS, params={"ticket": ticket}, headers=headers)


async def test_a_grant_is_taken_once() -> None:
    store = MemoryTickets(doubles.Clock())
    await store.put(b"a", grant(), 30)
    assert await store.take(b"b") is None
    assert await store.take(b"a") == grant()
    assert await store.take(b"a") is None


async def test_a_ticket_lies_for_thirty_seconds_at_most() -> None:
    clock = doubles.Clock()
    store = MemoryTickets(clock)
    await store.put(b"a", grant(), 30)
    await store.put(b"b", grant(), 10)
    clock.now += 10
    assert await store.take(b"b") is None
    clock.now += 19.9
    assert await store.take(b"a") is not None


async def test_tickets_are_bounded_by_principal_in_number_and_in_size() -> None:
    clock = doubles.Clock()
    store = MemoryTickets(clock, per_principal=2, most=3, max_characters=100)
    for name in (b"a", b"b"):
        await store.put(name, grant("one"), 30)
    with pytest.raises(TooManyRequests):
        await store.put(b"c", grant("one"), 30)
    with pytest.raises(Unavailable):
        await store.put(b"c", grant("two", size=81), 30)
    await store.put(b"c", grant("two"), 30)
    with pytest.raises(Unavailable):
        await store.put(b"d", grant("three"), 30)
    await store.take(b"a")
    await store.put(b"d", grant("one", size=70), 30)
    clock.now += 31
    for number in range(3):
        await store.put(b"%d" % number, grant(str(number)), 30)
    assert "3 kept" in repr(store)


async def test_a_ticket_is_random_and_only_its_hash_is_kept(client: httpx.AsyncClient, gateway: Gateway) -> None:
    tickets = {await taken(client) for _ in range(20)}
    assert len(tickets) == 20
    assert all(len(ticket) == 43 for ticket in tickets)  # 256 bits in base64url
    store = gateway.services.tickets
    assert isinstance(store, MemoryTickets)
    assert set(store._kept) == {digest_of(ticket) for ticket in tickets}
    assert not any(ticket in repr(vars(store)) for ticket in tickets)


async def test_a_ticket_opens_the_stream_that_was_asked_for(gateway_factory: GatewayFactory) -> None:
    gateway = gateway_factory(doubles.settings(limits=Limits()))
    since = "s" * 200_000  # longer than a URL may hold
    async with gateway.client() as client:
        ticket = await taken(client, folders=["inbox", "AbC"], since=since, ping=40, types=["updated"])
    for event in (HELLO, changes("s2"), BYE):
        gateway.hub.stream.queue.put_nowait(event)
    answer = await opened(gateway, ticket)
    assert answer.status_code == 200
    assert gateway.hub.subscribed == [(("inbox", "AbC"), since)]
    assert gateway.hub.stream.timeouts == [40.0] * 3
    assert '"heartbeatSeconds":40' in answer.text
    assert "event: changes" not in answer.text  # nothing was updated
    assert gateway.hub.stream.closed


async def test_one_ticket_opens_one_stream_of_a_hundred_at_once(client: httpx.AsyncClient, gateway: Gateway) -> None:
    ticket = await taken(client)
    gateway.hub.stream.queue.put_nowait(BYE)
    answers = await asyncio.gather(*(opened(gateway, ticket) for _ in range(100)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 99
    assert len(gateway.hub.subscribed) == 1


@pytest.mark.parametrize("ticket", ["spent", "expired", "unknown", "of an expired token"])
async def test_a_ticket_that_opens_nothing_says_what_to_do(
    client: httpx.AsyncClient, gateway: Gateway, ticket: str
) -> None:
    gateway.hub.stream.queue.put_nowait(BYE)
    gateway.authenticator.expires_at = 1010.0 if ticket == "of an expired token" else 9000.0
    wrong = new_ticket() if ticket == "unknown" else await taken(client)
    if ticket == "spent":
        assert (await opened(gateway, wrong)).status_code == 200
    gateway.clock.now += {"expired": 30.0, "of an expired token": 10.0}.get(ticket, 0.0)
    answer = await opened(gateway, wrong, **{"Last-Event-ID": "s7"})
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/ticket-refused")
    assert "take a new one" in answer.json()["detail"]
    assert "since=" in answer.json()["detail"]
    assert answer.headers["www-authenticate"].startswith("Bearer ")


async def test_a_ticket_is_no_longer_than_its_token(client: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.authenticator.expires_at = 1012.5
    answer = await client.post(TICKETS, json={})
    assert answer.json()["expiresAt"] == "1970-01-01T00:16:52.500Z"


async def test_the_stream_ends_with_the_token_that_took_the_ticket(client: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.authenticator.expires_at = 1020.0
    ticket = await taken(client)
    gateway.authenticator.expires_at = 9000.0
    gateway.hub.stream.beats = 1
    gateway.hub.stream.queue.put_nowait(BYE)
    await opened(gateway, ticket)
    assert gateway.hub.stream.timeouts[0] == 15.0
    gateway.clock.now = 1019.0
    late = await opened(gateway, ticket)
    assert late.status_code == 401


async def test_a_ticket_stands_for_the_whole_query(client: httpx.AsyncClient, gateway: Gateway) -> None:
    ticket = await taken(client)
    async with gateway.client(None) as bare:
        more = await bare.get(EVENTS, params={"folders": "inbox", "ticket": ticket})
        head = await bare.head(EVENTS, params={"ticket": ticket})
        twice = await bare.get(f"{EVENTS}?ticket={ticket}&ticket={ticket}")
        elsewhere = await bare.get("/v1/accounts/me/folders", params={"ticket": ticket})
    assert (more.status_code, more.json()["field"]) == (400, "folders")
    assert (head.status_code, twice.status_code) == (400, 400)
    assert elsewhere.status_code == 401
    both = await client.get(EVENTS, params={"ticket": ticket})
    assert (both.status_code, both.json()["field"]) == (400, "Authorization")
    gateway.hub.stream.queue.put_nowait(BYE)
    assert (await opened(gateway, ticket)).status_code == 200  # none of these spent it


async def test_a_ticket_is_for_its_account(client: httpx.AsyncClient, gateway: Gateway) -> None:
    ticket = await taken(client)
    async with gateway.client(None) as bare:
        other = await bare.get("/v1/accounts/account-2/events", params={"ticket": ticket})
    assert other.status_code == 404
    assert (await opened(gateway, ticket)).status_code == 401
    ticket = await taken(client)
    gateway.hub.stream.queue.put_nowait(BYE)
    async with gateway.client(None) as bare:  # `me` is this one
        same = await bare.get("/v1/accounts/account-1/events", params={"ticket": ticket})
    assert same.status_code == 200


async def test_the_scope_is_that_of_events(gateway: Gateway) -> None:
    async with gateway.client("mail.read") as client:
        assert (await client.post(TICKETS, json={})).status_code == 403
    async with gateway.client("mail.events") as client:
        ticket = await taken(client)
    gateway.hub.stream.queue.put_nowait(changes("s2"))
    gateway.hub.stream.queue.put_nowait(BYE)
    shown = await opened(gateway, ticket)
    assert "event: changes" in shown.text
    assert "the body begins" not in shown.text  # the ticket may see no more than the token


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"folder": "inbox"}, "folder"),
        ({"ping": 4}, "ping"),
        ({"ping": 301}, "ping"),
        ({"closeafter": "never"}, "closeafter"),
        ({"since": "a b"}, "since"),
        ({"types": ["nonsense"]}, "types[0]"),
    ],
)
async def test_a_ticket_is_refused_for_what_no_stream_takes(
    client: httpx.AsyncClient, body: dict[str, object], field: str
) -> None:
    answer = await client.post(TICKETS, json=body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_no_answer_with_a_ticket_is_remembered(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = await client.post(TICKETS, json={}, headers=key)
    again = await client.post(TICKETS, json={}, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["ticket"] != again.json()["ticket"]
    assert first.headers["cache-control"] == "private, no-store"


async def test_a_caller_has_so_many_tickets(client: httpx.AsyncClient, gateway: Gateway) -> None:
    for _ in range(32):
        await taken(client)
    full = await client.post(TICKETS, json={})
    assert (full.status_code, full.headers["retry-after"]) == (429, "5")
    async with gateway.client(doubles.ALL_SCOPES + "+@other") as other:
        await taken(other)
    gateway.clock.now += 30
    await taken(client)


async def test_without_a_store_tickets_fail_closed_and_reads_go_on(
    client: httpx.AsyncClient, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreachable(*arguments: object) -> None:
        raise Unavailable("the store can't be reached")

    monkeypatch.setattr(gateway.services.tickets, "put", unreachable)
    monkeypatch.setattr(gateway.services.tickets, "take", unreachable)
    assert (await client.post(TICKETS, json={})).status_code == 503
    assert (await opened(gateway, new_ticket())).status_code == 503
    assert not gateway.hub.subscribed
    assert (await client.get("/v1/accounts/me/folders")).status_code == 200


async def test_a_page_of_another_origin_may_use_one(gateway_factory: GatewayFactory) -> None:
    origin = "https://app.example.org"
    gateway = gateway_factory(doubles.settings(server=Server(cors_origins=(origin,))))
    async with gateway.client() as client:
        ticket = await taken(client)
    gateway.hub.stream.queue.put_nowait(BYE)
    answer = await opened(gateway, ticket, Origin=origin)
    assert answer.headers["access-control-allow-origin"] == origin
    refused = await opened(gateway, ticket, Origin=origin)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, origin)


async def test_a_ticket_is_in_no_log(
    client: httpx.AsyncClient, gateway: Gateway, capfd: pytest.CaptureFixture[str]
) -> None:
    ticket = await taken(client)
    gateway.hub.stream.queue.put_nowait(BYE)
    for _ in range(2):
        await opened(gateway, ticket)
    out, err = capfd.readouterr()
    assert "/events" in out + err
    assert ticket not in out + err
