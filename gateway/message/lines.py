"""Whether a base64 part is written in lines of one length, so that a decoded octet's place can be reckoned.

Every encoder writes such lines (RFC 2045 section 6.8). What is looked at is the beginning, the end and some places
between; a line too long, too short, empty or indented anywhere moves all that follows, and so shows at the end. Only
who takes as much out in one place as is put in at another, exactly between the places looked at, is not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from gateway.message.transfer import encoded_window

HEAD: Final = 1024
"""Octets of the beginning: RFC 2045 allows 76 to a line, RFC 5322 allows 998."""
TAIL: Final = 1024
BEYOND: Final = 64
"""Octets asked for after the end: that there are none shows that the server's size is right."""
BETWEEN: Final = 7
_SAMPLE: Final = 256
_BLANKS: Final = b" \t\r\n"
_DIGITS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class Window(Struct, frozen=True):
    """Where a range stands in the encoded form: octets [start, stop), of which ``drop`` decoded ones come before it."""

    start: int
    stop: int
    drop: int


class Lines(Struct, frozen=True):
    """``line`` digits in each line but the last, ``ending`` octets between two, ``size`` octets when decoded."""

    line: int
    ending: int
    size: int

    def window(self, start: int, stop: int) -> Window:
        """The decoded octets [start, stop), which are within ``size`` and not none."""
        return Window(*encoded_window(start, stop, line=self.line, end_of_line=self.ending))


def probes(encoded: int) -> list[tuple[int, int]]:
    """(first octet, how many) of what to look at in a part of ``encoded`` octets; several may be asked for at once."""
    tail = max(0, encoded - TAIL)
    between = {tail * number // (BETWEEN + 1): _SAMPLE for number in range(1, BETWEEN + 1)}
    return sorted({**between, 0: HEAD, tail: max(encoded - tail + BEYOND, HEAD if tail == 0 else 0)}.items())


def lines_of(encoded: int, pieces: Mapping[int, bytes]) -> Lines | None:
    """The lines of a part of ``encoded`` octets by what stands at its ``probes``; None where they are not uniform."""
    asked = probes(encoded)
    if any(len(pieces.get(first, b"")) != min(length, encoded - first) for first, length in asked):
        return None  # the server's size is wrong, or the part is not there
    line, ending = _first_line(pieces[0])
    if line == 0 or line % 4:
        return None
    at, _ = asked[-1]
    digits = pieces[at].rstrip(_BLANKS)
    body = digits.rstrip(b"=")
    stop = at + len(body)  # what is behind it may stand in other pieces too
    if not body or not all(_fits(pieces[first][: max(0, stop - first)], first, line, ending) for first, _ in asked):
        return None
    end, pads, stride = at + len(digits), len(digits) - len(body), line + len(ending)
    count = end - (end - 1) // stride * len(ending)
    if pads > 2 or count % 4 or (end - 1) % stride >= line:
        return None
    return Lines(line, len(ending), count // 4 * 3 - pads)


def _first_line(head: bytes) -> tuple[int, bytes]:
    """Digits of the first line, and what ends it; no digits where no line ends."""
    line = len(head) - len(head.lstrip(_DIGITS))
    for ending in (b"\r\n", b"\n"):
        if head.startswith(ending, line):
            return line, ending
    return 0, b""


def _fits(piece: bytes, at: int, line: int, ending: bytes) -> bool:
    """Whether all of ``piece``, which stands at ``at``, is digits and line ends where they have to be."""
    stride = line + len(ending)
    pattern = (b"A" * line + ending) * (len(piece) // stride + 2)
    return piece.translate(_DIGIT_IS_A) == pattern[at % stride : at % stride + len(piece)]


_DIGIT_IS_A: Final = bytes(0x41 if octet in _DIGITS else octet for octet in range(256))
