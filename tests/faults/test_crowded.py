"""More is asked for than may be had: of the account's connections, and of the server."""

from __future__ import annotations

import asyncio

import pytest

from tests.blackbox.mail import plain, stored
from tests.conftest import DovecotFactory
from tests.servers.dovecot_config import DovecotOptions, OAuth
from tests.servers.faultproxy import FaultProxy
from tests.servers.tokens import TokenIssuer

from .events import events
from .gateway_here import endpoint, gateway_before


async def test_fifty_requests_at_once_use_three_connections_and_one_watcher(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    async with gateway_before(endpoint(proxy.port), tokens) as gateway, gateway.client(user) as client:
        made = await stored(client, plain(1))
        async with events(client), events(client), events(client):
            answers = await asyncio.gather(*(client.get(f"/messages/{made}") for _ in range(50)))
            assert {answer.status_code for answer in answers} == {200}
            assert proxy.total <= 4


async def test_who_waits_too_long_for_a_connection_gets_429(proxy: FaultProxy, tokens: TokenIssuer, user: str) -> None:
    limits = {"connections_per_account": 1, "lease_wait_seconds": 0.4, "lease_queue": 10}
    async with gateway_before(endpoint(proxy.port), tokens, limits=limits) as gateway, gateway.client(user) as client:
        made = await stored(client, plain(1))
        proxy.down.hold()
        crowd = [asyncio.create_task(client.get(f"/messages/{made}")) for _ in range(50)]
        async with asyncio.timeout(10):
            while sum(task.done() for task in crowd) < 49:
                await asyncio.wait([task for task in crowd if not task.done()], return_when=asyncio.FIRST_COMPLETED)
        proxy.down.release()
        answers = await asyncio.gather(*crowd)
        statuses = [answer.status_code for answer in answers]
        assert statuses.count(429) == 49
        assert statuses.count(200) == 1
        assert all(float(answer.headers["retry-after"]) >= 1 for answer in answers if answer.status_code == 429)
        assert proxy.total == 1


async def test_a_server_that_allows_three_connections_serves_everybody(
    dovecot_factory: DovecotFactory, tokens: TokenIssuer
) -> None:
    """The gateway is configured for ten: it learns, and neither a request nor the stream fails."""
    oauth = OAuth(tokens.dovecot_keys, (tokens.issuer,))
    server = dovecot_factory(DovecotOptions(max_connections=3, oauth=oauth))
    limits = {"connections_per_account": 6}
    async with (
        gateway_before(endpoint(server.port), tokens, limits=limits) as gateway,
        gateway.client("alice") as client,
    ):
        made = await stored(client, plain(1))
        async with events(client) as stream:
            for _ in range(3):
                answers = await asyncio.gather(*(client.get(f"/messages/{made}") for _ in range(50)))
                assert {answer.status_code for answer in answers} == {200}
            await stored(client, plain(2, subject="while crowded"))
            created = (await stream.until("changes")).data["created"]
            assert [message["subject"] for message in created] == ["while crowded"]


async def test_all_connections_taken_by_others_is_503_or_429_with_retry_after(
    dovecot_factory: DovecotFactory, tokens: TokenIssuer
) -> None:
    oauth = OAuth(tokens.dovecot_keys, (tokens.issuer,))
    server = dovecot_factory(DovecotOptions(max_connections=3, oauth=oauth))
    others = [await asyncio.to_thread(server.client, "alice@example.org") for _ in range(3)]
    async with gateway_before(endpoint(server.port), tokens) as gateway, gateway.client("alice") as client:
        answer = await client.get("/folders/inbox")
        assert answer.status_code in (429, 503), answer.text
        assert float(answer.headers["retry-after"]) >= 1
        for other in others:
            await asyncio.to_thread(other.logout)
        async with asyncio.timeout(15):
            while (await client.get("/folders/inbox")).status_code != 200:
                await asyncio.sleep(0.1)  # as a client would; the back-off is the gateway's own clock


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [("UNAVAILABLE", 503, "upstream-unavailable"), ("INUSE", 409, "in-use"), ("LIMIT", 429, "upstream-limit")],
)
async def test_unavailable_inuse_and_limit_have_their_status_and_retry_after(
    proxy: FaultProxy, tokens: TokenIssuer, user: str, code: str, status: int, kind: str
) -> None:
    async with gateway_before(endpoint(proxy.port), tokens) as gateway, gateway.client(user) as client:
        await client.get("/folders")
        refusing(proxy, b"CREATE", f"NO [{code}] not now".encode())
        answer = await client.post("/folders", json={"name": "Wanted"})
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}"), answer.text
        assert answer.json()["imapCode"] == code
        assert answer.json()["retryable"] is True
        assert float(answer.headers["retry-after"]) >= 1
        assert (await client.get("/folders/inbox")).status_code == 200


def refusing(proxy: FaultProxy, command: bytes, refusal: bytes) -> None:
    """The server never hears ``command``, and seems to answer ``refusal``."""

    def swallow(piece: bytes) -> bytes:
        lines = [line for line in piece.split(b"\r\n") if command in line]
        for line in lines:
            proxy.inject(line.partition(b" ")[0] + b" " + refusal + b"\r\n")
        return b"" if lines else piece

    proxy.up.rewrite(swallow)
