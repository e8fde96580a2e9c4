"""Connections for one folder each, where a connection hears of one only: named folders have them while there is room.

Which account has how many connections is the pool's to say: it refuses one too many, and that folder is swept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Protocol

from gateway.imap.name import MailboxName
from gateway.live.beat import Beat
from gateway.live.event import Mode
from gateway.live.watcher import Watcher
from gateway.metrics import WatchMode


class Hire(Protocol):
    def __call__(self, beat: Beat, *, alone: bool) -> Watcher: ...


class Counts(Protocol):
    def counted(self, watcher: Watcher, mode: WatchMode | None) -> None: ...


class Solos:
    """``main`` watches all that no other does."""

    def __init__(self, main: Watcher, hire: Hire, counts: Counts) -> None:
        self._main, self._hire, self._counts = main, hire, counts
        self._watchers: dict[MailboxName, Watcher] = {}
        self._crowded: set[MailboxName] = set()
        self._endings: set[asyncio.Task[None]] = set()

    def names(self) -> list[MailboxName]:
        return list(self._watchers)

    def beat(self, name: MailboxName) -> Beat:
        """Of the watcher that watches the folder."""
        return self._watchers.get(name, self._main).beat

    def mode(self, name: MailboxName) -> Mode:
        ear = self._watchers.get(name, self._main).ear or self._main.ear
        return "poll" if ear is None else ear.mode(name)

    def arrange(self, named: Iterable[MailboxName]) -> None:
        """``named``: the folders that have a right to be heard of at once."""
        ear, wanted = self._main.ear, list(named)
        for name in [name for name in self._watchers if name not in wanted]:
            self._fold(name)
        if ear is None or ear.way != "idle":
            return
        if not self._main.beat.lookouts and self._watchers:
            self._fold(next(iter(self._watchers)))
        for name in wanted:
            if name in self._main.beat.lookouts and name != ear.anchor and name not in self._crowded:
                self._detach(name)

    def drop(self, name: MailboxName) -> None:
        self._main.beat.remove(name)
        self._crowded.discard(name)
        if name in self._watchers:
            self._fold(name)
            self._main.beat.remove(name)

    def failed(self, watcher: Watcher) -> None:
        """No room for it, or worse, which the main one will find out too: its folder is swept."""
        for name, other in list(self._watchers.items()):
            if other is watcher:
                self._crowded.add(name)
                self._fold(name)

    async def stop(self) -> None:
        for name in list(self._watchers):
            self._fold(name)
        await asyncio.gather(*self._endings)

    def _detach(self, name: MailboxName) -> None:
        lookout = self._main.beat.lookouts[name]
        self._main.beat.remove(name)
        beat = Beat()
        beat.add(lookout)
        watcher = self._watchers[name] = self._hire(beat, alone=True)
        watcher.start()

    def _fold(self, name: MailboxName) -> None:
        """Its folder goes back to the main watcher."""
        watcher = self._watchers.pop(name)
        for lookout in watcher.beat:
            watcher.beat.remove(lookout.name)  # first: who waits for its first look still waits
            self._main.beat.add(lookout)
        self._counts.counted(watcher, None)
        ending = asyncio.create_task(watcher.stop())
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
