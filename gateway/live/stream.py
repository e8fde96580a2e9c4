"""One client's stream: a seat at each watcher, and at most one untaken event for each seat.

A slow client costs nothing and loses nothing: while its seat is full the watcher leaves it where it is, and when the
event is taken the watcher tells it, from the state of that event on, what happened meanwhile, as one event.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.imap.name import MailboxName
from gateway.live.event import Bye, Event, Hello, Resync
from gateway.mail.resource import Changes
from gateway.sync.state import FolderState


@dataclass(eq=False, slots=True)
class Seat:
    """A stream's place at one folder's watcher. ``position`` is the state its client will have after ``waiting``."""

    stream: Stream
    name: MailboxName
    position: FolderState | None
    generation: int | None = None
    taken: Callable[[], None] = field(default=lambda: None)
    waiting: Changes | Resync | None = None

    @property
    def free(self) -> bool:
        return self.waiting is None

    def offer(self, event: Changes | Resync, position: FolderState, generation: int | None) -> None:
        self.waiting = event
        self.position, self.generation = position, generation
        self.stream.notify(self)


class Stream:
    """What :meth:`next` gives, in order: one hello, then changes and resyncs, and a bye at the end."""

    def __init__(self, closed: Callable[[Stream], None]) -> None:
        self.seats: list[Seat] = []
        self._hello: Hello | None = None
        self._bye: Bye | None = None
        self._ready: deque[Seat] = deque()
        self._wake = asyncio.Event()
        self._closed = closed
        self.ended = False

    def greet(self, hello: Hello) -> None:
        self._hello = hello
        self._wake.set()

    def notify(self, seat: Seat) -> None:
        self._ready.append(seat)
        self._wake.set()

    def end(self, bye: Bye) -> None:
        """Say goodbye after what is already waiting; the first reason stays."""
        if self._bye is None:
            self._bye = bye
            self._wake.set()

    async def next(self, timeout: float) -> Event | None:
        """The next event; None where none came within ``timeout`` seconds, or after the bye."""
        if not self.ended and not self._pending():
            self._wake.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self._wake.wait()
            except TimeoutError:
                return None
        return self._take()

    def close(self) -> None:
        """Leave all watchers. Safe to call twice."""
        if not self.ended:
            self.ended = True
            self._closed(self)

    def _pending(self) -> bool:
        return bool(self._hello or self._ready or self._bye)

    def _take(self) -> Event | None:
        if self._hello is not None:
            hello, self._hello = self._hello, None
            return hello
        while self._ready:
            seat = self._ready.popleft()
            event, seat.waiting = seat.waiting, None
            seat.taken()
            if event is not None:
                return event
        if self._bye is not None and not self.ended:
            bye = self._bye
            self.close()
            return bye
        return None
