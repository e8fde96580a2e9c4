"""A hundred megabytes through the gateway: hardly any of it in memory, and no connection held for who doesn't read."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator

from tests.blackbox.gateway_process import GatewayProcess

from .caller import Caller
from .conftest import StartDovecot, StartGateway
from .figures import settled, show
from .large import Large, digest

MB = 1 << 20
GROWTH = 16 * MB
LARGE = Large(113)  # 105 million octets
RANGE, MIDDLE = 64 << 10, 50 * MB


class Memory:
    """The most that the gateway had while it was looked at, over what it had at first."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self._gateway = gateway
        self.first = self.most = gateway.memory()

    def look(self) -> None:
        self.most = max(self.most, self._gateway.memory())

    @property
    def growth(self) -> int:
        return self.most - self.first


async def message_id(caller: Caller) -> str:
    page = await caller.ask("GET", "/folders/inbox/messages?limit=1")
    return str(page.json()["messages"][0]["id"])


async def hashed(caller: Caller, memory: Memory | None = None) -> tuple[int, str]:
    """The answer's octets and their digest; the memory is looked at all the while."""
    head = await caller.head()
    assert head.status == 200
    made, size, looked = hashlib.sha256(), 0, 0
    async for piece in caller.pieces(head):
        made.update(piece)
        size += len(piece)
        if memory is not None and size - looked > MB:
            memory.look()
            looked = size
    return size, made.hexdigest()


def traffic(gateway: GatewayProcess) -> int:
    return int(gateway.metric("imapgw_imap_bytes_total"))


async def test_a_hundred_megabytes_pass_through_and_leave_no_trace(
    start_dovecot: StartDovecot, start_gateway: StartGateway
) -> None:
    server = start_dovecot()
    user, _ = server.guest()
    await asyncio.to_thread(LARGE.put, server, user)
    gateway = start_gateway(server)
    async with Caller(gateway.port, gateway.headers(user)) as caller:
        large = await message_id(caller)
        memory, began = Memory(gateway), time.monotonic()
        await caller.send("GET", f"/messages/{large}/parts/2")
        size, found = await hashed(caller, memory)
        seconds = time.monotonic() - began
        memory.look()
        show("download", octets=size, seconds=seconds, MB_per_second=size / seconds / MB, growth_MB=memory.growth / MB)
        assert (size, found) == (LARGE.size, digest(LARGE.data()))
        assert memory.growth < GROWTH
        await a_slice(gateway, caller, f"/messages/{large}/parts/2", LARGE.slice(MIDDLE, RANGE))


async def a_slice(gateway: GatewayProcess, caller: Caller, path: str, expected: bytes) -> None:
    """A range in the middle costs about its own size."""
    before, began = traffic(gateway), time.monotonic()
    answer = await caller.ask("GET", path, headers={"Range": f"bytes={MIDDLE}-{MIDDLE + RANGE - 1}"})
    seconds, octets = time.monotonic() - began, traffic(gateway) - before
    show("range", octets=len(answer.content), imap_octets=octets, ratio=octets / RANGE, seconds=seconds)
    assert answer.status == 206
    assert answer.content == expected
    assert octets < 3 * RANGE + (16 << 10)


async def test_a_client_that_stops_reading_holds_no_connection(
    start_dovecot: StartDovecot, start_gateway: StartGateway
) -> None:
    server, slow_message = start_dovecot(), Large(26)
    user, _ = server.guest()
    slow_message.put(server, user)
    limits = {"slow_client_seconds": 0.3, "connections_per_account": 1, "lease_wait_seconds": 20}
    gateway = start_gateway(server, settings={"limits": limits})
    headers = gateway.headers(user)
    async with Caller(gateway.port, headers) as other, Caller(gateway.port, headers, buffer=65_536) as slow:
        path = f"/messages/{await message_id(other)}/parts/2"
        memory = Memory(gateway)
        await slow.send("GET", path)
        pieces = slow.pieces(await slow.head())
        made = hashlib.sha256(await anext(pieces))
        began = time.monotonic()
        assert await asyncio.to_thread(settled, lambda: gateway.metric("imapgw_leases_in_use") == 0)
        freed = time.monotonic() - began
        assert (await other.ask("GET", "/folders/inbox/messages")).status == 200
        async for piece in pieces:
            made.update(piece)
            memory.look()
        show("slow client", freed_after_seconds=freed, growth_MB=memory.growth / MB)
        assert made.hexdigest() == digest(slow_message.data())
        assert memory.growth < GROWTH


async def test_a_client_that_trickles_holds_no_connection(
    start_dovecot: StartDovecot, start_gateway: StartGateway
) -> None:
    server, slow_message = start_dovecot(), Large(26)
    user, _ = server.guest()
    slow_message.put(server, user)
    limits = {"slow_client_seconds": 0.1, "connections_per_account": 1, "lease_wait_seconds": 20}
    gateway = start_gateway(server, settings={"limits": limits})
    headers = gateway.headers(user)
    async with Caller(gateway.port, headers) as other, Caller(gateway.port, headers, buffer=65_536) as slow:
        path = f"/messages/{await message_id(other)}/parts/2"
        await slow.send("GET", path)
        pieces = slow.pieces(await slow.head())
        page = asyncio.create_task(other.ask("GET", "/folders/inbox/messages"))
        began, taken = time.monotonic(), 0
        while not page.done():
            taken += len(await anext(pieces))
            await asyncio.wait((page,), timeout=0.02)
        show("trickling client", octets_taken=taken, other_waited_seconds=time.monotonic() - began)
        assert (await page).status == 200
        assert taken < slow_message.size // 2


async def test_an_upload_of_45_megabytes_is_not_held(start_dovecot: StartDovecot, start_gateway: StartGateway) -> None:
    server, large = start_dovecot(), Large(36, seed=2)
    user, _ = server.guest()
    gateway = start_gateway(server)
    async with Caller(gateway.port, gateway.headers(user)) as caller:
        size = large.raw_size()
        assert 45_000_000 < size < 52_428_800
        assert (await caller.ask("GET", "/folders")).status == 200
        memory, began = Memory(gateway), time.monotonic()
        stored = await caller.upload("/folders/inbox/messages", size, watched(large.source(), memory))
        seconds = time.monotonic() - began
        memory.look()
        show("upload", octets=size, seconds=seconds, MB_per_second=size / seconds / MB, growth_MB=memory.growth / MB)
        assert stored.status == 201
        assert memory.growth < GROWTH
        await caller.send("GET", f"/messages/{stored.json()['id']}/raw")
        assert await hashed(caller) == (size, digest(large.raw()))


async def watched(source: AsyncIterator[bytes], memory: Memory) -> AsyncIterator[bytes]:
    async for piece in source:
        memory.look()
        yield piece
