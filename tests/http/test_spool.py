"""Octets put aside."""

from __future__ import annotations

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
