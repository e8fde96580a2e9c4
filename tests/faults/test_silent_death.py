"""Connections that are dead without a word: half-open TCP, pooled and watching, and pushes that never come."""

from __future__ import annotations

import asyncio
import re
import socket
import time

import httpx
import pytest

from gateway.imap import connection_open
from gateway.pool import lender
from tests.blackbox.mail import plain, stored
from tests.servers.dovecot import Dovecot
from tests.servers.faultproxy import FaultProxy
from tests.servers.tokens import TokenIssuer

from .events import events
from .gateway_here import QUICK, GatewayHere, endpoint, gateway_before

HEARTBEAT = 0.5
LIVE = {"heartbeat_seconds": HEARTBEAT, "probe_seconds": HEARTBEAT, "coalesce_seconds": 0.01}
PUSHES = re.compile(
    rb"(?:\* [0-9]+ (?:EXISTS|RECENT|EXPUNGE)\r\n|\* VANISHED [0-9:,]+\r\n|\* OK Still here\r\n|\* STATUS [^\r]+\r\n)+"
)


def deliver(dovecot: Dovecot, user: str, subject: str) -> None:
    """A message arrives by another way than the one that is broken."""
    other = dovecot.client(user)
    other.append("INBOX", "", "", plain(1, subject=subject))
    other.logout()


@pytest.mark.parametrize("folders", ["inbox", "*"])
@pytest.mark.parametrize("ignore", [(), ("NOTIFY",), ("NOTIFY", "IDLE")])
async def test_a_half_open_watcher_is_found_within_two_heartbeats(
    proxy: FaultProxy, dovecot: Dovecot, tokens: TokenIssuer, user: str, folders: str, ignore: tuple[str, ...]
) -> None:
    """Octets are taken and nothing comes back, not even FIN; the time until the watcher gives up is measured."""
    live, limits = (
        {**LIVE, "poll_seconds": HEARTBEAT},
        {"command_seconds": HEARTBEAT},
    )  # it may be in a command just then
    async with (
        gateway_before(endpoint(proxy.port), tokens, live=live, limits=limits, ignore=ignore) as gateway,
        gateway.client(user) as client,
        events(client, folders=folders) as stream,
    ):
        await proxy.wait_connections(1)
        before = proxy.total
        swallowing(proxy)
        began = time.monotonic()
        await asyncio.to_thread(deliver, dovecot, user, "meanwhile")
        await proxy.wait_total(before + 1, timeout=2 * HEARTBEAT + 3)  # back-off and a busy machine: 3 s
        found = time.monotonic() - began
        created = (await stream.until("changes")).data["created"]
        assert [message["subject"] for message in created] == ["meanwhile"]
        assert found < 2 * HEARTBEAT + 3
        assert stream.heartbeats >= 1  # the client was told that its own stream lives


def swallowing(proxy: FaultProxy) -> None:
    """What is open now is dead in both directions; connections to come are sound."""
    dead = proxy.total

    def gone(piece: bytes) -> bytes:
        return piece if proxy.total > dead else b""

    proxy.up.rewrite(gone)
    proxy.down.rewrite(gone)


async def pooled(gateway: GatewayHere, count: int) -> None:
    """Return once so many connections are signed in: one that is cut before is a failed sign-in, which is told."""
    way = httpx.ASGITransport(gateway.application.management)
    async with asyncio.timeout(10), httpx.AsyncClient(transport=way, base_url="http://management") as client:
        wanted = f'imapgw_imap_connections{{kind="pool",provider="test"}} {count}.0'
        while wanted not in (await client.get("/metrics")).text:
            await asyncio.sleep(0.01)


async def test_a_half_open_pooled_connection_costs_one_deadline_and_is_discarded(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    limits = {**QUICK, "command_seconds": 0.5}
    async with gateway_before(endpoint(proxy.port), tokens, limits=limits) as gateway, gateway.client(user) as client:
        made = await stored(client, plain(1))
        swallowing(proxy)
        stuck = await client.get(f"/messages/{made}")
        assert (stuck.status_code, stuck.json()["type"]) == (504, "/problems/upstream-timeout")
        assert (await client.get(f"/messages/{made}")).status_code == 200


async def test_one_dead_connection_casts_doubt_on_the_others(
    proxy: FaultProxy, tokens: TokenIssuer, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three pooled connections died together: only the first request waits for a deadline."""
    monkeypatch.setattr(lender, "PROBE_SECONDS", 0.2)
    limits = {**QUICK, "command_seconds": 1.5}
    async with gateway_before(endpoint(proxy.port), tokens, limits=limits) as gateway, gateway.client(user) as client:
        made = await stored(client, plain(1))
        proxy.down.hold()
        crowd = [asyncio.create_task(client.get(f"/messages/{made}")) for _ in range(9)]
        await proxy.wait_total(2)
        proxy.down.release()
        await asyncio.gather(*crowd)
        await pooled(gateway, 3)
        swallowing(proxy)
        assert (await client.get(f"/messages/{made}")).status_code == 504
        began = time.monotonic()
        for _ in range(3):
            assert (await client.get(f"/messages/{made}")).status_code == 200
        assert time.monotonic() - began < 1.5


async def test_a_long_unused_connection_is_proven_before_reuse(
    proxy: FaultProxy, tokens: TokenIssuer, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lender, "PROBE_AFTER", 0.0)
    monkeypatch.setattr(lender, "PROBE_SECONDS", 0.2)
    async with gateway_before(endpoint(proxy.port), tokens) as gateway, gateway.client(user) as client:
        made = await stored(client, plain(1))
        swallowing(proxy)
        assert (await client.get(f"/messages/{made}")).status_code == 200


async def test_the_kernel_watches_every_connection(proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """What vanishes in the network is found by the kernel within 25 s: below two heartbeats of 15 s."""
    sock = socket.socket()
    connection_open._watch_peer(sock)
    with sock:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        idle, interval, count = (
            sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
            for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT")
        )
        assert idle + interval * count <= 30
        assert 0 < sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 30_000


@pytest.mark.parametrize("folders", ["inbox", "*"])
@pytest.mark.parametrize("ignore", [(), ("NOTIFY",)])
async def test_a_server_that_never_pushes_is_swept(
    proxy: FaultProxy, dovecot: Dovecot, tokens: TokenIssuer, user: str, folders: str, ignore: tuple[str, ...]
) -> None:
    """NOTIFY and IDLE are accepted, and then nothing is ever said."""

    def without_pushes(piece: bytes) -> bytes:
        return b"" if PUSHES.fullmatch(piece) else piece

    async with (
        gateway_before(endpoint(proxy.port), tokens, live=LIVE, ignore=ignore) as gateway,
        gateway.client(user) as client,
        events(client, folders=folders) as stream,
    ):
        proxy.down.rewrite(without_pushes)
        for subject in ("one", "two"):
            await asyncio.to_thread(deliver, dovecot, user, subject)
            changes = await stream.until("changes", timeout=10)
            assert [message["subject"] for message in changes.data["created"]] == [subject]
        assert proxy.connections <= 2
