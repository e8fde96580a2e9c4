"""Server-sent events out of octets, however they are cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest

from gateway.client.frames import Frame, frames
from tests.effort import linear

STREAM = (
    b": a comment\n\nid: s1\nevent: hello\ndata: {}\n\n:\n\n"
    b"id: s2\r\nevent: changes\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\n"
    b"event: resync\rdata:{}\r\rretry: 1500\nevent: bye\ndata: {}\n\nevent: cut off\ndata: {"
)  # fmt: skip
READ = [
    Frame("hello", {}, "s1"),
    Frame("changes", {"a": 1}, "s2"),
    Frame("resync", {}),
    Frame("bye", {}, None, 1500),
]


async def pieces(octets: Iterable[bytes]) -> AsyncIterator[bytes]:
    for each in octets:
        yield each


@pytest.mark.parametrize("size", [1, 2, 3, 7, len(STREAM)])
async def test_events_are_the_same_however_they_are_cut(size: int) -> None:
    cut = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    assert [frame async for frame in frames(pieces(cut))] == READ


async def test_line_separators_of_unicode_are_text() -> None:
    text = "one\u2028two\u0085three\x0bfour"
    octets = f'data: "{text}"\n\n'.encode()
    with pytest.raises(ValueError):  # JSON has no bare control character; the gateway escapes those
        _ = [frame async for frame in frames(pieces([octets]))]
    octets = f'data: "{text[:-5]}"\n\n'.encode()
    assert [frame.data async for frame in frames(pieces([octets]))] == [text[:-5]]


def test_a_long_event_in_many_pieces_is_read_in_proportion_to_its_length() -> None:
    """Two hundred messages in one event are some 200 KB, on one line."""

    async def read(octets: bytes) -> None:
        stream = b'data: "' + octets + b'"\n\n'
        cut = [stream[at : at + 16_384] for at in range(0, len(stream), 16_384)]
        assert [frame.data async for frame in frames(pieces(cut))] == [octets.decode()]

    assert linear(lambda octets: asyncio.run(read(octets)), b"x", 200_000)
