"""What is written together goes out in one piece, and never later than the loop's next turn."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from gateway.imap.connection_watch import SilenceWatch
from gateway.imap.connection_writer import Writer


class Transport:
    """Keeps what is written, piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, octets: bytes) -> None:
        self.pieces.append(octets)


def writer() -> tuple[Writer, Transport, list[int]]:
    """A writer, its transport, and the octets that it tells of."""
    told: list[int] = []
    watch = SilenceWatch(asyncio.get_running_loop(), 60, lambda: None)
    made = Writer(watch, lambda _, sent: told.append(sent), freed=lambda: None, broken=lambda: None)
    transport = Transport()
    made.transport = cast("asyncio.Transport", transport)
    return made, transport, told


async def test_what_follows_goes_out_in_the_same_piece() -> None:
    made, transport, told = writer()
    with made.together(asyncio.get_running_loop()):
        made.send(b"a NOOP\r\n")
        assert transport.pieces == []
    made.send(b"b UID STORE 1 +FLAGS (\\Seen)\r\n")
    await asyncio.sleep(0)
    assert transport.pieces == [b"a NOOP\r\nb UID STORE 1 +FLAGS (\\Seen)\r\n"]
    assert sum(told) == made.octets == len(transport.pieces[0])


async def test_alone_it_goes_out_in_the_next_turn() -> None:
    made, transport, _ = writer()
    with made.together(asyncio.get_running_loop()):
        made.send(b"a NOOP\r\n")
    assert transport.pieces == []
    await asyncio.sleep(0)
    assert transport.pieces == [b"a NOOP\r\n"]


async def test_compressed_it_is_one_piece_too() -> None:
    made, transport, _ = writer()
    made.deflate()
    with made.together(asyncio.get_running_loop()):
        made.send(b"a NOOP\r\n")
    made.send(b"b NOOP\r\n")
    assert len(transport.pieces) == 1


@pytest.mark.parametrize("ended", ["before the turn", "after it"])
async def test_at_the_end_of_the_connection_it_is_dropped(ended: str) -> None:
    made, transport, _ = writer()
    with made.together(asyncio.get_running_loop()):
        made.send(b"a NOOP\r\n")
    if ended == "after it":
        await asyncio.sleep(0)
    made.stop()
    made.send(b"b NOOP\r\n")
    await asyncio.sleep(0)
    assert transport.pieces == ([b"a NOOP\r\n"] if ended == "after it" else [])
