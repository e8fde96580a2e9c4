"""Octets to frames: one frame is one whole response, literals counted by length only.

RFC 9051 section 4.3 (literals) and section 9 (``response``, ``literal``, ``literal8``). Incremental, iterative,
linear in the octets however they are cut. Mail content is never looked at: what is inside a literal can't end it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from msgspec import Struct

from gateway.errors import ProtocolViolation
from gateway.imap import limits


class Sink(Protocol):
    """Takes the octets of one literal. ``write`` must copy what it wants to keep: the view dies with the call."""

    def write(self, data: memoryview) -> None: ...

    def close(self) -> None: ...


class Streamed(Struct, frozen=True):
    """Stands in a frame for a literal of ``size`` octets that went to a sink."""

    size: int


# Text and literals in turn, text first and last: an odd index is a literal. Without CRLF and without ``{n}``.
Frame = list[bytes | Streamed]
OpenSink = Callable[[Frame, int], Sink | None]

_MARKER: Final = re.compile(rb"~?\{([0-9]+)\+?\}\Z")
_MARKER_TAIL: Final = limits.MAX_LITERAL_DIGITS + 4
# resp-cond-state, resp-cond-bye, greeting: free text to the end of the line, so never a literal.
_CONDITION: Final = re.compile(rb"\* (?:OK|NO|BAD|BYE|PREAUTH)(?: |\Z)", re.IGNORECASE)


class Framer:
    """Feed octets, take frames::

        for frame in framer.feed(data):
            ...

    ``feed`` takes the octets in at once; the frames come as they are asked for, and those not taken come with
    the next call. A literal larger than ``limits.INLINE_LITERAL`` is offered to ``open_sink`` with the frame so
    far and its size; without a sink it is kept, up to ``limits.MAX_LITERAL``.

    Raises ProtocolViolation when a cap is passed, at the frame where it happens and ever after.
    """

    def __init__(self, open_sink: OpenSink | None = None) -> None:
        self._open_sink = open_sink
        self._ready: list[bytes] = []  # whole lines without literals, the last one first, found by the fast path
        self._data: bytes = b""  # octets of the present chunk, read up to _at
        self._at = 0
        self._later: list[bytes] = []  # chunks fed before the frames of earlier ones were taken
        self._line = bytearray()  # a line whose CRLF has not come
        self._frame: Frame = []
        self._inline = 0  # octets in _frame
        self._missing = 0  # octets of the present literal that have not come
        self._size = 0  # of the present literal
        self._literal: bytearray | None = None  # the present literal where it is kept
        self._sink: Sink | None = None  # the present literal where it is streamed
        self._failure: ProtocolViolation | None = None

    def feed(self, data: bytes | bytearray | memoryview) -> Iterator[Frame]:
        """Takes ``data`` in and gives the frames that are whole now."""
        octets = bytes(data)
        if self._failure is None and octets:
            if self._at < len(self._data) or self._ready or self._later:
                self._later.append(octets)
            else:
                self._take(octets)
        return self._frames()

    @property
    def pending(self) -> int:
        """Octets taken in that belong to no frame given out yet; a literal's octets in a sink don't count."""
        ready = sum(len(line) + 2 for line in self._ready)
        later = sum(len(chunk) for chunk in self._later)
        literal = len(self._literal) if self._literal is not None else 0
        return ready + later + len(self._data) - self._at + len(self._line) + self._inline + literal

    @property
    def mid_frame(self) -> bool:
        """Whether a frame has begun and is not whole."""
        return bool(self._line or self._frame)

    @property
    def mid_literal(self) -> bool:
        """Whether octets of a literal are still to come."""
        return self._literal is not None or self._sink is not None

    @property
    def missing(self) -> int:
        """Octets still to come of the literal that has begun."""
        return self._missing

    def detach(self) -> None:
        """Forgets the sink of the literal that is coming in; its octets are counted and dropped."""
        if self._sink is not None:
            self._sink = _Nowhere()

    def rest(self) -> bytes:
        """Gives back, octet for octet, what came after the last frame given out: it is no text from there on."""
        ready = b"".join(line + b"\r\n" for line in reversed(self._ready))
        rest = b"".join((ready, self._line, self._data[self._at :], *self._later))
        self._ready.clear()
        self._line.clear()
        self._later.clear()
        self._data, self._at = b"", 0
        return rest

    # --- taking in ---

    def _take(self, octets: bytes) -> None:
        """Makes ``octets`` the present chunk, joined to a line that began earlier."""
        if self._line and not self._literal_open:
            if b"\r\n" not in octets and not (octets[0] == 10 and self._line[-1] == 13):
                self._line += octets
                return
            octets = bytes(self._line) + octets
            self._line.clear()
        if self._frame or b"}\r\n" in octets:  # no literal is open without the frame that it is in
            self._data, self._at = octets, 0
            return
        lines = octets.split(b"\r\n")
        self._line += lines.pop()
        lines.reverse()
        self._ready = lines  # those before were given out

    @property
    def _literal_open(self) -> bool:
        return self._literal is not None or self._sink is not None

    # --- giving out ---

    def _frames(self) -> Iterator[Frame]:
        if self._failure is not None:
            raise self._failure
        try:
            while True:
                while self._ready:
                    line = self._ready.pop()
                    if len(line) > limits.MAX_LINE:
                        raise ProtocolViolation("a line of the mail server is too long")
                    yield [line]
                if self._at < len(self._data):
                    frame = self._next()
                    if frame is not None:
                        yield frame
                        continue
                if len(self._line) > limits.MAX_LINE:
                    raise ProtocolViolation("a line of the mail server is too long")
                if not self._later:
                    self._data, self._at = self._data[self._at :], 0  # or an idle connection keeps its last chunk
                    return
                self._take(b"".join(self._later))
                self._later.clear()
        except ProtocolViolation as failure:
            self._fail(failure)
            raise

    def _fail(self, failure: ProtocolViolation) -> None:
        self._failure = failure
        self._ready.clear()
        self._later.clear()
        self._data, self._at = b"", 0
        self._line.clear()
        self._frame, self._inline = [], 0
        self._literal = None
        if self._sink is not None:
            sink, self._sink = self._sink, None
            sink.close()

    def _next(self) -> Frame | None:
        """The next whole frame of the present chunk; None when it is used up."""
        while self._at < len(self._data):
            if self._literal_open:
                self._read_literal()
                continue
            end = self._data.find(b"\r\n", self._at)
            if end < 0:
                self._line += memoryview(self._data)[self._at :]
                break
            line = self._data[self._at : end]
            self._at = end + 2
            if self._end_line(line):
                frame, self._frame, self._inline = self._frame, [], 0
                return frame
        self._data, self._at = b"", 0
        return None

    def _end_line(self, line: bytes) -> bool:
        """Adds a line to the frame; True where that makes the frame whole."""
        marker = self._marker(line)
        text = line if marker is None else line[: marker.start() + max(0, len(line) - _MARKER_TAIL)]
        self._frame.append(text)
        self._inline += len(text)
        if len(line) > limits.MAX_LINE or self._inline > limits.MAX_RESPONSE:
            raise ProtocolViolation("a response of the mail server is too long")
        if marker is None:
            return True
        self._begin_literal(marker[1])
        return False

    def _marker(self, line: bytes) -> re.Match[bytes] | None:
        if not line.endswith(b"}"):
            return None
        if not self._frame and (line[:2] != b"* " or _CONDITION.match(line) is not None):
            return None  # tagged, continuation or condition
        tail = line[-_MARKER_TAIL:]
        marker = _MARKER.search(tail)
        if marker is None and len(tail) == _MARKER_TAIL and tail[:-2].isdigit():
            raise ProtocolViolation("a literal of the mail server has no sensible size")
        return marker

    def _begin_literal(self, digits: bytes) -> None:
        size = int(digits)
        if len(digits) > limits.MAX_LITERAL_DIGITS or size > limits.MAX_NUMBER64:
            raise ProtocolViolation("a literal of the mail server has no sensible size")
        if len(self._frame) > 2 * limits.MAX_LITERALS:
            raise ProtocolViolation("a response of the mail server has too many literals")
        self._size = self._missing = size
        if size > limits.INLINE_LITERAL and self._open_sink is not None:
            self._sink = self._open_sink(list(self._frame), size)
            if self._sink is not None:
                return
        if size > limits.MAX_LITERAL or self._inline + size > limits.MAX_RESPONSE:
            raise ProtocolViolation("a literal of the mail server is too large")
        self._literal = bytearray()
        if size == 0:
            self._end_literal()

    def _read_literal(self) -> None:
        end = min(self._at + self._missing, len(self._data))
        view = memoryview(self._data)[self._at : end]
        if self._sink is not None:
            self._sink.write(view)
        elif self._literal is not None:
            self._literal += view
        self._missing -= end - self._at
        self._at = end
        if self._missing == 0:
            self._end_literal()

    def _end_literal(self) -> None:
        if self._sink is not None:
            sink, self._sink = self._sink, None
            self._frame.append(Streamed(self._size))
            sink.close()
        elif self._literal is not None:
            self._frame.append(bytes(self._literal))
            self._inline += len(self._literal)
            self._literal = None


class _Nowhere:
    def write(self, data: memoryview) -> None:
        """Nobody wants it."""

    def close(self) -> None:
        """Nothing to end."""
