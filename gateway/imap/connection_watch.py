"""The silence deadline of a connection: one timer, however many commands are in flight."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class SilenceWatch:
    """Calls ``expired`` once the server has been silent for ``seconds`` while an answer was due.

    ``patience()`` says that it is not the server's turn: in IDLE, while a reader is slow, while a source is.
    """

    __slots__ = ("_armed", "_expired", "_loop", "_patient", "_progress", "_seconds", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, expired: Callable[[], None]) -> None:
        self._loop, self._seconds, self._expired = loop, seconds, expired
        self._timer: asyncio.TimerHandle | None = None
        self._armed = False
        self._patient = 0
        self._progress = loop.time()

    def progress(self) -> None:
        """Something came from the server, or went to it."""
        self._progress = self._loop.time()

    def arm(self) -> None:
        """An answer is due from now on; if one was already, nothing changes."""
        if not self._armed:
            self._armed = True
            self.progress()
            if self._timer is None:
                self._timer = self._loop.call_later(self._seconds, self._check)

    def disarm(self) -> None:
        """No answer is due. The timer itself stays until it fires: cancelling one a command would cost more."""
        self._armed = False

    def stop(self) -> None:
        self._armed = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @contextmanager
    def patience(self) -> Iterator[None]:
        self.wait()
        try:
            yield
        finally:
            self.go_on()

    def wait(self) -> None:
        self._patient += 1

    def go_on(self) -> None:
        self._patient -= 1
        self.progress()

    def _check(self) -> None:
        self._timer = None
        if not self._armed:
            return
        now = self._loop.time()
        if self._patient:
            self._progress = now
        left = self._progress + self._seconds - now
        if left <= 0:
            self._armed = False
            self._expired()
        else:
            self._timer = self._loop.call_later(left, self._check)
