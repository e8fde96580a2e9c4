"""The loop-lag metric: under load it stays small, and a loop that stands still shows in it."""

from __future__ import annotations

import asyncio
import os
import signal

import httpx

from tests.blackbox.gateway_process import GatewayProcess, Upstream
from tests.servers.dovecot import Dovecot
from tests.servers.filling import fill
from tests.servers.tokens import TokenIssuer

CLIENTS = 8
LATE = 0.1
"""Seconds: more than any request may keep the others waiting."""


def told(gateway: GatewayProcess, seconds: float) -> tuple[float, float]:
    """How often the loop was looked at, and how often it was later than that."""
    looked = gateway.metric("imapgw_loop_lag_seconds_count")
    return looked, looked - gateway.metric(f'imapgw_loop_lag_seconds_bucket{{le="{seconds}"}}')


async def pages(client: httpx.AsyncClient, seconds: float) -> int:
    """How many pages one client gets in that time."""
    loop = asyncio.get_running_loop()
    end, done = loop.time() + seconds, 0
    while loop.time() < end:
        (await client.get("/folders/inbox/messages?limit=50")).raise_for_status()
        done += 1
    return done


async def test_the_loop_is_on_time_under_load_and_a_halt_is_told(
    dovecot: Dovecot, user: str, tokens: TokenIssuer
) -> None:
    with dovecot.client(user) as mailbox:
        fill(mailbox, "INBOX", 60, seed=6)
    upstream = Upstream(dovecot.host, dovecot.port, None, {"method": "pass_through"}, tls="none")
    forgetful = {"limits": {"summaries_octets": 0}}  # the dearest request there is, each time
    with GatewayProcess(upstream, tokens, settings=forgetful) as gateway:
        async with gateway.client(user) as client:
            late: list[float] = []
            for _ in range(3):  # the quietest of three: what others do on this machine is not ours
                before = told(gateway, LATE)
                assert sum(await asyncio.gather(*(pages(client, 0.7) for _ in range(CLIENTS)))) >= CLIENTS
                after = told(gateway, LATE)
                assert after[0] > before[0]
                late.append(after[1] - before[1])
            assert min(late) <= 0  # the two figures are read one after the other, while more is counted
            before = told(gateway, 0.5)
            os.kill(gateway.pid, signal.SIGSTOP)
            await asyncio.sleep(0.9)  # the halt itself
            os.kill(gateway.pid, signal.SIGCONT)
            (await client.get("/folders/inbox/messages?limit=1")).raise_for_status()
            assert await risen(gateway, before[1])


async def risen(gateway: GatewayProcess, before: float) -> bool:
    async with asyncio.timeout(10):
        while told(gateway, 0.5)[1] <= before:
            await asyncio.sleep(0.02)
    return True
