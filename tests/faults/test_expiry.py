"""The token ends while a connection lives and a stream is open: the gateway enforces it by itself."""

from __future__ import annotations

import asyncio
import time

from tests.blackbox.mail import plain, stored
from tests.servers.faultproxy import FaultProxy
from tests.servers.tokens import TokenIssuer

from .events import events
from .gateway_here import endpoint, gateway_before

LIFETIME = 3.0
SKEW = -60.0
"""So long past its end a token is accepted still."""


async def test_a_stream_ends_with_its_token_and_the_connection_with_it(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    live = {"linger_seconds": 0.1}
    async with (
        gateway_before(endpoint(proxy.port), tokens, live=live) as gateway,
        gateway.client(user, ttl=LIFETIME) as client,
    ):
        began = time.time()
        async with events(client) as stream:
            made = await stored(client, plain(1))
            assert (await stream.until("changes")).data["created"][0]["id"] == made
            bye = await stream.until("bye", timeout=LIFETIME + 5)
        assert bye.data["reason"] == "token-expired"
        assert bye.data["retry"] > 0
        assert LIFETIME - 1.5 <= time.time() - began <= LIFETIME + 3
        await proxy.wait_connections(0)  # neither the watcher's nor the pooled ones outlive the token


async def test_clock_skew_of_more_than_a_minute_opens_nothing(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    async with (
        gateway_before(endpoint(proxy.port), tokens) as gateway,
        gateway.client(user, ttl=-90) as client,
    ):
        answer = await client.get("/folders/inbox")
        assert answer.status_code == 401, answer.text
        assert proxy.total == 0


async def test_a_stream_with_a_longer_token_outlives_one_with_a_shorter(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    """Both are served by one watcher, signed in by the token that lasts longest; the short one's end takes nothing."""
    async with (
        gateway_before(endpoint(proxy.port), tokens) as gateway,
        gateway.client(user, ttl=LIFETIME) as short,
        gateway.client(user) as long,
        events(short) as ending,
        events(long) as staying,
    ):
        bye = await ending.until("bye", timeout=LIFETIME + 5)
        assert bye.data["reason"] == "token-expired"
        made = await stored(long, plain(2))
        assert (await staying.until("changes")).data["created"][0]["id"] == made


async def test_fifty_requests_with_a_token_that_ends_among_them(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    """Each is served or refused; none hangs, and none is a fault of ours."""
    async with (
        gateway_before(endpoint(proxy.port), tokens) as gateway,
        gateway.client(user, ttl=SKEW + 1.5) as client,
    ):
        statuses = set()
        end = time.time() + 3
        while time.time() < end:
            answers = await asyncio.gather(*(client.get("/folders/inbox") for _ in range(10)))
            statuses |= {answer.status_code for answer in answers}
        assert statuses <= {200, 401}
        assert 401 in statuses
