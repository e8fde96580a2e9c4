from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from .faultproxy import FaultProxy

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"hello\r\n")
    while line := await reader.readline():
        writer.write(line)
    writer.close()


@asynccontextmanager
async def before_echo() -> AsyncIterator[FaultProxy]:
    server = await asyncio.start_server(echo, "127.0.0.1", 0, limit=2**20)
    async with FaultProxy("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy:
        yield proxy
    server.close()


@asynccontextmanager
async def dial(proxy: FaultProxy) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection(proxy.host, proxy.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def test_what_passes_is_unchanged() -> None:
    async with before_echo() as proxy, dial(proxy) as (reader, writer):
        assert await reader.readline() == b"hello\r\n"
        proxy.up.record()
        writer.write(b"x" * 200_000 + b"\n")
        assert await reader.readexactly(200_001) == b"x" * 200_000 + b"\n"
        assert len(proxy.up.seen) == 200_001
        assert (proxy.connections, proxy.total) == (1, 1)


async def test_a_stall_is_silence_and_no_end() -> None:
    async with before_echo() as proxy, dial(proxy) as (reader, writer):
        await reader.readline()
        proxy.down.stall()
        writer.write(b"a\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)


async def test_cut_after_some_octets() -> None:
    async with before_echo() as proxy, dial(proxy) as (reader, writer):
        await reader.readline()
        proxy.down.after(3).cut()
        writer.write(b"abcdef\n")
        assert await reader.read() == b"abc"
        await proxy.wait_connections(0)


async def test_reset() -> None:
    async with before_echo() as proxy, dial(proxy) as (reader, writer):
        await reader.readline()
        proxy.down.reset()
        writer.write(b"a\n")
        with pytest.raises(ConnectionResetError):
            await reader.read()


async def test_refuse_and_behave_again() -> None:
    async with before_echo() as proxy:
        proxy.refuse = True
        async with dial(proxy) as (reader, _):
            try:
                greeting = await reader.readline()
            except ConnectionError:
                greeting = b""
        assert greeting == b""
        proxy.refuse = False
        async with dial(proxy) as (reader, _):
            assert await reader.readline() == b"hello\r\n"
        assert proxy.total == 2


async def test_held_octets_come_after_release() -> None:
    async with before_echo() as proxy, dial(proxy) as (reader, writer):
        await reader.readline()
        proxy.down.hold()
        writer.write(b"a\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
        proxy.down.release()
        assert await reader.readline() == b"a\n"


async def test_delay_rate_and_chop_take_time() -> None:
    async with before_echo() as proxy, dial(proxy) as (reader, writer):
        await reader.readline()
        proxy.down.delay(0.05).chop(10).rate(2000)
        before = time.monotonic()
        writer.write(b"b" * 199 + b"\n")
        assert await reader.readline() == b"b" * 199 + b"\n"
        assert time.monotonic() - before >= 0.05 + 0.09


async def test_rewrite_and_inject() -> None:
    async with before_echo() as proxy, dial(proxy) as (reader, writer):
        await reader.readline()
        proxy.down.rewrite(bytes.upper)
        writer.write(b"c\n")
        assert await reader.readline() == b"C\n"
        proxy.inject(b"* BYE\r\n")
        assert await reader.readline() == b"* BYE\r\n"


async def test_greeting_delay() -> None:
    async with before_echo() as proxy:
        proxy.greeting_delay = 0.1
        before = time.monotonic()
        async with dial(proxy) as (reader, _):
            await reader.readline()
        assert time.monotonic() - before >= 0.1


async def test_rendezvous() -> None:
    async with before_echo() as proxy, dial(proxy), dial(proxy) as (reader, writer):
        await proxy.wait_total(2)
        proxy.up.record()
        writer.write(b"marker\n")
        await proxy.up.wait_seen(b"marker")
        assert await reader.readline() == b"hello\r\n"
