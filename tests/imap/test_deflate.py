"""Compressed octets, cut anywhere, broken, and far larger than they look."""

from __future__ import annotations

import random
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ProtocolViolation
from gateway.imap import limits
from gateway.imap.deflate import Deflater, Inflater


def deflated(*pieces: bytes, flush: int = zlib.Z_SYNC_FLUSH) -> bytes:
    compressor = zlib.compressobj(9, wbits=-15)
    return b"".join(compressor.compress(piece) + compressor.flush(flush) for piece in pieces)


def drained(inflater: Inflater) -> bytes:
    got = bytearray()
    while octets := inflater.take():
        assert len(octets) <= limits.INFLATED
        got += octets
    assert not inflater.waiting
    return bytes(got)


def feed_in_pieces(inflater: Inflater, octets: bytes, cut: int) -> bytes:
    got = b""
    for at in range(0, len(octets), cut):
        inflater.feed(octets[at : at + cut])
        got += drained(inflater)
    return got


@given(st.lists(st.binary(max_size=3000), max_size=8), st.integers(1, 50))
def test_what_is_deflated_inflates_to_the_same_however_it_is_cut(pieces: list[bytes], cut: int) -> None:
    assert feed_in_pieces(Inflater(), deflated(*pieces), cut) == b"".join(pieces)


@given(st.lists(st.binary(min_size=1, max_size=70_000), max_size=5))
def test_each_thing_sent_can_be_read_at_once(pieces: list[bytes]) -> None:
    deflater, server = Deflater(), zlib.decompressobj(wbits=-15)
    for piece in pieces:
        assert server.decompress(deflater.give(piece)) == piece


@pytest.mark.parametrize("size", [limits.INFLATED - 1, limits.INFLATED, limits.INFLATED + 1, 3 * limits.INFLATED])
def test_nothing_stays_behind_at_the_size_of_a_piece(size: int) -> None:
    whole = random.Random(size).randbytes(100) * (size // 100 + 1)
    inflater = Inflater()
    inflater.feed(deflated(whole[:size]))
    assert drained(inflater) == whole[:size]


def test_a_bomb_grows_no_memory() -> None:
    bomb = deflated(bytes(200_000_000), flush=zlib.Z_FULL_FLUSH)
    assert len(bomb) < 250_000
    inflater = Inflater()
    tracemalloc.start()
    inflater.feed(bomb)
    total = 0
    while octets := inflater.take():
        total += len(octets)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 200_000_000
    assert peak < 4 * limits.INFLATED


@pytest.mark.parametrize(
    "octets",
    [
        b"* 3 EXISTS\r\n* OK not compressed at all\r\n",
        b"\x07" * 10,  # a block of a type that does not exist
        deflated(b"a" * 1000)[:-5] + b"\xff\xff\xff\xff\xff\xff",
        zlib.compress(b"with a header"),
        deflated(b"the end", flush=zlib.Z_FINISH) + b"more",
        deflated(b"the end", flush=zlib.Z_FINISH) * 2,
    ],
)
def test_a_broken_stream_is_a_violation(octets: bytes) -> None:
    for cut in (1, 7, len(octets)):
        inflater = Inflater()
        with pytest.raises(ProtocolViolation):
            feed_in_pieces(inflater, octets, cut)


def test_a_stream_may_end() -> None:
    inflater = Inflater()
    inflater.feed(deflated(b"* BYE\r\n", flush=zlib.Z_FINISH))
    assert drained(inflater) == b"* BYE\r\n"
    assert inflater.take() == b""
