"""What comes in: octets to responses, in slices of time, and the pausing of a server that is too fast."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Final

from gateway.errors import ProtocolViolation
from gateway.imap import limits
from gateway.imap.connection_watch import SilenceWatch
from gateway.imap.deflate import Inflater
from gateway.imap.framer import Frame, Framer, OpenSink
from gateway.imap.parse import parse
from gateway.imap.response import Response

# Responses are taken for this long at a time; then others get their turn on the event loop.
SLICE_SECONDS: Final = 0.01
SLICE_FRAMES: Final = 16


class Intake:
    """Gives responses to ``take`` until it returns False; a violation goes to ``refuse`` and ends it."""

    __slots__ = (
        "_framer",
        "_frames",
        "_inflater",
        "_loop",
        "_open_sink",
        "_pauses",
        "_refuse",
        "_take",
        "_watch",
        "transport",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        watch: SilenceWatch,
        *,
        take: Callable[[Response], bool],
        refuse: Callable[[ProtocolViolation], None],
        open_sink: OpenSink,
    ) -> None:
        self._loop, self._watch = loop, watch
        self._take, self._refuse, self._open_sink = take, refuse, open_sink
        self._framer = Framer(open_sink)
        self._frames: Iterator[Frame] | None = None
        self._inflater: Inflater | None = None
        self._pauses = 0
        self.transport: asyncio.Transport | None = None

    def feed(self, data: bytes) -> None:
        if self._inflater is not None:
            self._inflater.feed(data)
            self._inflate_on()
            return
        frames = self._framer.feed(data)
        if self._frames is None:
            self._slice(frames)

    def inflate(self) -> None:
        """All that comes is compressed from here on, also what came already and is in no response yet taken."""
        self._inflater = Inflater()
        self._inflater.feed(self._framer.rest())

    @property
    def pending(self) -> int:
        """Octets that came and are in no response yet that was taken."""
        return self._framer.pending

    def restart(self) -> None:
        """Forget what came, as TLS begins (RFC 9051 section 6.2.1)."""
        self._framer = Framer(self._open_sink)

    def finish(self) -> None:
        """Nothing comes any more: take at once what came before the end, as far as it is of any size."""
        while self._frames is not None:
            self._go_on()
        if self._inflater is not None:
            inflater, self._inflater = self._inflater, None
            self._slice(self._last(inflater))
            while self._frames is not None:
                self._go_on()

    def _last(self, inflater: Inflater) -> Iterator[Frame]:
        for _ in range(limits.INFLATED_AT_END // limits.INFLATED):
            octets = inflater.take()
            if not octets:
                return
            yield from self._framer.feed(octets)

    def pause(self) -> None:
        """Reads no more from the server until as many ``resume()`` as ``pause()`` were called."""
        self._pauses += 1
        if self._pauses == 1:
            self._watch.wait()
            if self.transport is not None and not self.transport.is_closing():
                self.transport.pause_reading()

    def resume(self) -> None:
        self._pauses -= 1
        if self._pauses == 0:
            self._watch.go_on()
            if self.transport is not None and not self.transport.is_closing():
                self.transport.resume_reading()
            if self._inflater is not None and self._inflater.waiting:
                self._loop.call_soon(self._inflate_on)

    def _slice(self, frames: Iterator[Frame]) -> None:
        """Takes frames until none is left or time is up: then the rest follows by itself."""
        due = self._loop.time() + SLICE_SECONDS
        try:
            while True:
                for count, frame in enumerate(frames, 1):
                    if not self._take(parse(frame)):
                        return
                    if count % SLICE_FRAMES == 0 and self._loop.time() > due:
                        self._rest_later(frames)
                        return
                if self._inflater is None or self._pauses:
                    return
                octets = self._inflater.take()
                if not octets:
                    return
                frames = self._framer.feed(octets)
                if self._loop.time() > due:
                    self._rest_later(frames)
                    return
        except ProtocolViolation as violation:
            self._refuse(violation)

    def _rest_later(self, frames: Iterator[Frame]) -> None:
        self._frames = frames
        self.pause()
        self._loop.call_soon(self._go_on)

    def _inflate_on(self) -> None:
        """Nothing is inflated while reading is paused: what a reader has no room for stays small."""
        if self._frames is None and not self._pauses:
            self._slice(iter(()))

    def _go_on(self) -> None:
        frames, self._frames = self._frames, None
        if frames is not None:
            self.resume()
            self._slice(frames)
