"""SIGTERM under load: no answer is cut, streams are told, and the mail server hears a good-bye."""

from __future__ import annotations

import asyncio
import signal
import time

import httpx
import pytest

from tests.blackbox.gateway_process import GatewayProcess, Upstream
from tests.blackbox.mail import plain, stored
from tests.servers.dovecot import Dovecot
from tests.servers.faultproxy import FaultProxy
from tests.servers.tokens import TokenIssuer

from .events import Event, events

GRACE = 8.0
BODY = "0123456789abcdef" * 4 + "\n"


class Load:
    """Clients that read bodies until the gateway sends them away; every answer is checked to its last octet."""

    def __init__(self, gateway: GatewayProcess, user: str, message: str, size: int) -> None:
        self.answered = self.cut = 0
        self.statuses: set[int] = set()
        self._url = f"{gateway.url}/v1/accounts/me/messages/{message}/raw"
        self._headers = gateway.headers(user, ttl=600)
        self._size = size

    async def run(self) -> None:
        """Ends when no new connection can be made: an answer that was begun must be whole."""
        async with httpx.AsyncClient(timeout=20, trust_env=False, verify=False, headers=self._headers) as client:
            while True:
                try:
                    answer = await client.get(self._url)
                except httpx.ConnectError:
                    return
                except httpx.TransportError:
                    self.cut += 1
                    return
                self.answered += 1
                self.statuses.add(answer.status_code)
                if answer.status_code == 200:
                    assert len(answer.content) == self._size


@pytest.mark.alone
async def test_sigterm_under_load_cuts_no_answer(dovecot: Dovecot, tokens: TokenIssuer, user: str) -> None:
    async with FaultProxy(dovecot.host, dovecot.port) as proxy:
        upstream = Upstream("127.0.0.1", proxy.port, None, {"method": "pass_through"}, tls="none")
        gateway = GatewayProcess(upstream, tokens, settings={"server": {"drain_seconds": GRACE}})
        await asyncio.to_thread(gateway.start)
        try:
            await under_load(gateway, proxy, user)
        finally:
            await asyncio.to_thread(gateway.stop)


async def under_load(gateway: GatewayProcess, proxy: FaultProxy, user: str) -> None:
    proxy.up.record()
    message = plain(1, body=BODY * 6000)
    async with gateway.client(user) as client, gateway.client(user) as watching:
        made = await stored(client, message)
        load = Load(gateway, user, made, int((await client.head(f"/messages/{made}/raw")).headers["content-length"]))
        async with events(watching) as stream:
            running = [asyncio.create_task(load.run()) for _ in range(12)]
            async with asyncio.timeout(20):
                while load.answered < 40:
                    await asyncio.sleep(0.01)
            process = gateway.process
            assert process is not None
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(5):
                while (await ready(gateway)) != 503:
                    await asyncio.sleep(0.01)
            bye: Event = await stream.until("bye", timeout=GRACE)
            assert bye.data["reason"] == "drain"
            assert bye.data["retry"] > 0
        await asyncio.gather(*running)
        status = await asyncio.to_thread(process.wait, GRACE + 5)
    assert (load.cut, status) == (0, 0)
    assert load.statuses <= {200, 503}
    assert time.monotonic() - began < GRACE + 3
    assert proxy.up.seen.count(b"LOGOUT") >= 2  # the watcher's connection and the pooled ones


async def ready(gateway: GatewayProcess) -> int | None:
    """The status of /readyz; None where nobody listens any more."""
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        try:
            return (await client.get(f"{gateway.management_url}/readyz")).status_code
        except httpx.TransportError:
            return None
