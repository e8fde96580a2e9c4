"""Where the audit goes: a thread that appends lines to a file or a stream, so that no disk holds the event loop up.

Lines wait in memory while the disk is full or slow. What comes when as many wait as may is lost: that is counted and
logged, and the numbers that are missing tell it in the audit itself. A file that was moved away, as by logrotate, is
opened anew with the next line. With ``sync`` each batch of lines is on the disk (fsync) before the next is written.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias

from gateway.errors import ConfigurationError
from gateway.log import logger

Written: TypeAlias = Literal["written", "lost"]

BATCH: Final = 500  # lines that are written, and synced, at once
RETRY_SECONDS: Final = 1.0
MODE: Final = 0o600
_log = logger("gateway.audit")


class Output(Protocol):
    """Used by one thread only."""

    def append(self, octets: bytes) -> None:
        """Write all of them. Raises OSError, and then goes on where it stopped when it is given the same again."""
        ...

    def close(self) -> None: ...


class Descriptor:
    """An open descriptor, such as standard output; it is not closed."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._done = 0

    def append(self, octets: bytes) -> None:
        while self._done < len(octets):
            self._done += os.write(self._number, octets[self._done :])
        self._done = 0

    def close(self) -> None:
        return None


class File:
    """A file that only grows. Raises ConfigurationError where it can't be opened at start."""

    def __init__(self, path: str, *, sync: bool) -> None:
        self._path = Path(path)
        self._sync = sync
        try:
            self._open()
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise ConfigurationError(f"can't be opened to append to: {reason}", key="audit.file", where=path) from error

    def append(self, octets: bytes) -> None:
        self._follow()
        self._to.append(octets)
        if self._sync:
            os.fsync(self._number)

    def close(self) -> None:
        os.close(self._number)

    def _open(self) -> None:
        self._number = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, MODE)
        self._to = Descriptor(self._number)

    def _follow(self) -> None:
        """Under this name there is another file now, or none: the old one was rotated away."""
        try:
            named = os.stat(self._path)
        except FileNotFoundError:
            named = None
        held = os.fstat(self._number)
        if named is None or (named.st_dev, named.st_ino) != (held.st_dev, held.st_ino):
            before = self._number
            self._open()
            os.close(before)


class Writer:
    """Appends what it is given, in order, in a thread that starts with the first line."""

    def __init__(self, output: Output, limit: int, on_lines: Callable[[Written, int], None] | None = None) -> None:
        self._output = output
        self._limit = limit
        self._on_lines = on_lines or (lambda outcome, lines: None)
        self._lines: deque[bytes] = deque()
        self._taken = 0
        self._full = False
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()

    def write(self, line: bytes) -> None:
        """Queue a line; it is lost where as many wait already as may."""
        with self._news:
            full = len(self._lines) >= self._limit or self._ending.is_set()
            first = full and not self._full
            self._full = full
            if not full:
                self._lines.append(line)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
                self._thread.start()
            self._news.notify()
        if full:
            self._on_lines("lost", 1)
        if first:
            _log.error("audit lines are lost: no more may wait to be written", waiting=self._limit)

    def close(self, seconds: float) -> None:
        """Write what waits, for at most so long; what is left then is lost. It blocks; nothing is written after it."""
        with self._news:
            self._ending.set()
            self._news.notify()
        if self._thread is not None:
            self._thread.join(seconds)
        left = len(self._lines) + self._taken
        if left:
            self._on_lines("lost", left)
            _log.error("audit lines are lost at the end", lines=left)

    def _run(self) -> None:
        while batch := self._take():
            if not self._append(batch):
                return
            self._on_lines("written", self._taken)
            self._taken = 0
        self._output.close()

    def _take(self) -> bytes:
        """The next lines, once there are some; nothing at the end."""
        with self._news:
            while not self._lines and not self._ending.is_set():
                self._news.wait()
            self._taken = min(BATCH, len(self._lines))
            return b"".join(self._lines.popleft() for _ in range(self._taken))

    def _append(self, batch: bytes) -> bool:
        """Until it is written; False where it can't be and the end has come."""
        failing = False
        while True:
            try:
                self._output.append(batch)
            except OSError as error:
                if not failing:
                    _log.error("the audit can't be written", reason=(error.strerror or "").lower())
                failing = True
            else:
                return True
            if self._ending.wait(RETRY_SECONDS):
                return False
