"""One client's stream: a few untaken events, and where its client will be once it has taken them.

A slow client costs nothing and loses nothing: while an event of a folder waits, or too much of others does, the
watchers leave the stream where it is in that folder, and when there is room they tell it, from there on, what happened
meanwhile, as one event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal, TypeAlias

from msgspec import Struct

from gateway.imap.name import MailboxName
from gateway.live.event import Bye, Event, Hello, Resync
from gateway.live.mark import Mark
from gateway.live.wheel import Wheel
from gateway.mail.quota_level import QuotaNews
from gateway.mail.resource import Changes, FolderChanges

UNTAKEN = 4
"""Most events that wait for one stream."""
HEAVY = 200
"""Where those that wait tell of so many messages, no other is added."""

Subject: TypeAlias = MailboxName | Literal["quota"] | None
"""What an event is of: a folder, the account's quota, or (None) the list of folders."""


class Told(Struct, frozen=True):
    """An event, and where the client is after it."""

    event: Changes | FolderChanges | Resync | QuotaNews
    mark: Mark
    subject: Subject

    @property
    def weight(self) -> int:
        match self.event:
            case Changes(created=created, updated=updated, destroyed=destroyed, coverage=coverage, moved=moved):
                lists = len(created) + len(updated) + len(destroyed) + len(coverage.present)
                return lists + (len(moved) if moved else 0)
            case FolderChanges(created=made, updated=changed, renamed=renamed, destroyed=gone):
                return len(made) + len(changed) + len(renamed) + len(gone)
            case _:
                return 0


class Stream:
    """What :meth:`next` gives, in order: one hello, then what changed, and a bye at the end.

    There may be ten thousand of them, most of them silent: a stream has no task, no event and no timer of its own.
    """

    __slots__ = (
        "_bye", "_closed", "_hello", "_untaken", "_waiting", "_wheel", "ended", "mark", "state", "taken",
    )  # fmt: skip

    def __init__(self, closed: Callable[[Stream], None], mark: Mark | None = None, wheel: Wheel | None = None) -> None:
        self.mark = mark if mark is not None else Mark("some", {})
        self.state: str | None = None
        self.taken: Callable[[Stream], None] = lambda _: None
        self.ended = False
        self._hello: tuple[Hello, Mark] | None = None
        self._bye: Bye | None = None
        self._untaken: list[Told] = []
        self._waiting: asyncio.Future[None] | None = None
        self._wheel = wheel if wheel is not None else Wheel()
        self._closed = closed

    def greet(self, hello: Hello, mark: Mark) -> None:
        """``mark``: where the client is as it is greeted."""
        self._hello = (hello, mark)
        self._wake()

    def room(self, subject: Subject) -> bool:
        """Whether an event of this may be added now."""
        if self.ended or self._bye is not None:
            return False
        if not self._untaken:  # the frequent case
            return True
        if len(self._untaken) >= UNTAKEN:
            return False
        if sum(told.weight for told in self._untaken) >= HEAVY:
            return False
        return all(told.subject != subject for told in self._untaken)

    def offer(self, told: Told) -> None:
        self.mark = told.mark
        self._untaken.append(told)
        self._wake()

    def end(self, bye: Bye) -> None:
        """Say goodbye after what is already waiting; the first reason stays."""
        if self._bye is None:
            self._bye = bye
            self._wake()

    async def next(self, timeout: float) -> Event | None:
        """The next event; None where none came within ``timeout`` seconds, or after the bye.

        Afterwards ``state`` is the token of what the client has once it has applied the event; None: it has none.
        """
        if not self.ended and not self._pending():
            self._waiting = asyncio.get_running_loop().create_future()
            spoke = self._wheel.set(timeout, self._wake)
            try:
                await self._waiting
            finally:
                self._waiting = None
                self._wheel.cancel(spoke)
        return self._take()

    def close(self) -> None:
        """Leave all watchers; who waits for an event waits no more. Safe to call twice."""
        if not self.ended:
            self.ended = True
            self._untaken.clear()
            self._closed(self)
            self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _pending(self) -> bool:
        return bool(self._hello or self._untaken or self._bye)

    def _take(self) -> Event | None:
        self.state = None
        if self._hello is not None:
            (hello, mark), self._hello = self._hello, None
            self.state = mark.token
            return hello
        if self._untaken:
            told = self._untaken.pop(0)
            if not isinstance(told.event, Resync | QuotaNews):
                self.state = told.mark.token
            self.taken(self)
            return told.event
        if self._bye is not None and not self.ended:
            bye = self._bye
            self.close()
            return bye
        return None
