"""Octets put aside."""

from __future__ import annotations

import asyncio
import threading

import pytest

from gateway.http.spool import Spool


@pytest.mark.parametrize("in_memory", [10, 1_000_000])
async def test_what_goes_in_comes_out(in_memory: int) -> None:
    spool = Spool(in_memory)
    pieces = [bytes([number]) * (number * 997) for number in range(40)]
    for piece in pieces:
        await spool.write(piece)
    assert spool.size == sum(map(len, pieces))
    assert b"".join([chunk async for chunk in spool.chunks()]) == b"".join(pieces)
    spool.close()


async def test_a_file_is_closed_though_its_request_ended_while_a_thread_was_writing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spool = Spool(10)
    entered, leave = threading.Event(), threading.Event()
    write = spool._file.write

    def slow(octets: bytes) -> int:
        entered.set()
        leave.wait(10)
        return write(octets)

    monkeypatch.setattr(spool._file, "write", slow)
    task = asyncio.ensure_future(spool.write(b"x" * 1000))
    assert await asyncio.to_thread(entered.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    spool.close()
    assert not spool._file.closed
    leave.set()
    async with asyncio.timeout(10):
        while not spool._file.closed:
            await asyncio.sleep(0)
