from __future__ import annotations

import asyncio

import pytest

from gateway.errors import ConnectionLost
from gateway.imap.literal_stream import HIGH, LOW, LiteralStream


class Transport:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def stream(self) -> LiteralStream:
        return LiteralStream(lambda: self.calls.append("pause"), lambda: self.calls.append("resume"))


async def test_octets_come_in_order_and_end() -> None:
    stream = Transport().stream().opened(6)
    for piece in (b"ab", memoryview(b"cd"), b"ef"):
        stream.write(piece)
    stream.close()
    assert [chunk async for chunk in stream] == [b"ab", b"cd", b"ef"]


async def test_a_slow_reader_pauses_the_server_and_a_reader_that_catches_up_resumes_it() -> None:
    transport = Transport()
    stream = transport.stream().opened(HIGH + 2)
    stream.write(b"x" * HIGH)
    assert transport.calls == []
    stream.write(b"y")
    stream.write(b"z")
    assert transport.calls == ["pause"]
    assert len(await anext(stream)) == HIGH
    assert transport.calls == ["pause", "resume"]
    assert stream.buffered == 2 <= LOW


async def test_a_loss_is_raised_after_the_octets_that_came_before_it() -> None:
    stream = Transport().stream().opened(6)
    stream.write(b"abc")
    stream.fail(ConnectionLost("gone"))
    assert await anext(stream) == b"abc"
    with pytest.raises(ConnectionLost):
        await anext(stream)


async def test_a_loss_after_the_end_changes_nothing() -> None:
    stream = Transport().stream().opened(3)
    stream.write(b"abc")
    stream.close()
    stream.fail(ConnectionLost("gone"))
    assert [chunk async for chunk in stream] == [b"abc"]


async def test_what_nobody_reads_any_more_is_dropped_and_does_not_block_the_connection() -> None:
    transport = Transport()
    stream = transport.stream().opened(1 << 20)
    stream.write(b"x" * (HIGH + 1))
    stream.discard()
    stream.write(b"x" * (HIGH + 1))
    assert transport.calls == ["pause", "resume"]
    assert stream.buffered == 0


async def test_the_size_is_known_before_the_first_octet() -> None:
    stream = Transport().stream()
    waiting = asyncio.ensure_future(stream.begun())
    await asyncio.sleep(0)
    assert not waiting.done()
    stream.opened(5)
    await waiting
    assert stream.size == 5


async def test_a_loss_before_the_first_octet_is_raised_at_once() -> None:
    stream = Transport().stream()
    waiting = asyncio.ensure_future(stream.begun())
    await asyncio.sleep(0)
    stream.fail(ConnectionLost("gone"))
    with pytest.raises(ConnectionLost):
        await waiting


async def test_an_early_end_is_no_end() -> None:
    stream = Transport().stream().opened(6)
    stream.write(b"abc")
    stream.close()
    stream.fail(ConnectionLost("gone"))
    assert await anext(stream) == b"abc"
    with pytest.raises(ConnectionLost):
        await anext(stream)
