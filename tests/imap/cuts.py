"""Every case of the grammar is run whole, octet by octet, cut at every place, and with trailing data."""

from __future__ import annotations

from gateway.imap.framer import Frame, Framer
from gateway.imap.parse import parse
from gateway.imap.response import Fetched, Response


def whole(octets: bytes) -> list[Frame]:
    framer = Framer()
    frames = list(framer.feed(octets))
    assert framer.pending == 0
    assert not framer.mid_frame
    return frames


def bytewise(octets: bytes) -> list[Frame]:
    framer = Framer()
    frames = [frame for at in range(len(octets)) for frame in framer.feed(octets[at : at + 1])]
    assert framer.pending == 0
    return frames


def every_cut(octets: bytes) -> list[Frame]:
    """The frames of ``octets``, which must come out the same however they are cut."""
    expected = whole(octets)
    assert bytewise(octets) == expected
    for at in range(1, min(len(octets), 400)):
        framer = Framer()
        assert [*framer.feed(octets[:at]), *framer.feed(octets[at:])] == expected
    framer = Framer()
    assert list(framer.feed(octets + b"* 1 EX")) == expected
    assert framer.pending == 6
    assert framer.mid_frame
    assert list(framer.feed(b"ISTS\r\n")) == [[b"* 1 EXISTS"]]
    return expected


def response(octets: bytes) -> Response:
    """The one response in ``octets`` (without its last CRLF)."""
    frame, *others = every_cut(octets + b"\r\n")
    assert not others
    return parse(frame)


def fetched(octets: bytes) -> Fetched:
    value = response(octets)
    assert isinstance(value, Fetched)
    return value
