"""How full the account is, as its streams know it: they are told when a threshold is crossed."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Final, TypeAlias

from gateway.errors import Refused
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.live.stream import Stream, Told
from gateway.mail.quota import quota_of
from gateway.mail.quota_level import AccountQuota, QuotaNews, QuotaResource, crossed
from gateway.settings.model import Live

INBOX: Final = MailboxName(b"INBOX")
HURRY: Final = 10
"""After a change a look may come so many times sooner."""
FAILURES: Final = 3
"""Looks in a row that ended their connection, after which there are no more."""

Level: TypeAlias = tuple[QuotaResource, ...]


class Gauge:
    """Each stream has a level of its own, what its client was told last: one that is slow is told, once it has room,
    of what is different from that, and of nothing where it came and went meanwhile."""

    def __init__(self, live: Live) -> None:
        self._thresholds, self._seconds = live.quota_percents, live.quota_seconds
        self._now: AccountQuota | None = None
        self._levels: dict[Stream, Level | None] = {}
        self._owed: set[Stream] = set()
        self._looked_at = float("-inf")
        self._changed = False
        self._able = bool(live.quota_percents)
        self._failures = 0

    def join(self, stream: Stream) -> None:
        """It is told of what is crossed from now on."""
        self._levels[stream] = None if self._now is None else tuple(self._now.resources)

    def leave(self, stream: Stream) -> None:
        self._levels.pop(stream, None)
        self._owed.discard(stream)

    def changed(self, now: float) -> float | None:
        """Something in the account did, so its fullness may have: in so many seconds it is to be looked at.

        None where that is known already, or is of no use.
        """
        if self._changed or not self._able:
            return None
        self._changed = True
        return max(0.0, self._next() - now)

    def due(self, now: float) -> bool:
        """Whether to look, in seconds of the event loop."""
        if not self._thresholds or not self._levels or self._failures >= FAILURES:
            return False
        return now >= self._next()

    async def look(self, session: Session, now: float) -> None:
        """Ask, where the server tells, and tell the streams. Raises what ends the connection."""
        self._looked_at, self._changed = now, False
        self._able = session.capabilities.has("QUOTA")
        if not self._able:
            return
        self._failures += 1
        with suppress(Refused):
            self._now = await quota_of(session, INBOX, self._thresholds)
        self._failures = 0
        self._tell(tuple(self._levels))

    def taken(self, stream: Stream) -> None:
        """It has room again."""
        if stream in self._owed:
            self._tell((stream,))

    def _next(self) -> float:
        return self._looked_at + self._seconds / (HURRY if self._changed else 1)

    def _tell(self, streams: Iterable[Stream]) -> None:
        if self._now is None:
            return
        now = tuple(self._now.resources)
        news: dict[Level | None, QuotaNews | None] = {None: None, now: None}
        for stream in streams:
            before = self._levels[stream]
            if before not in news:
                news[before] = _news(before or (), self._now, self._thresholds)
            told = news[before]
            if told is not None and not stream.room("quota"):
                self._owed.add(stream)
                continue
            self._levels[stream] = now
            self._owed.discard(stream)
            if told is not None:
                stream.offer(Told(told, stream.mark, "quota"))


def _news(before: Level, now: AccountQuota, thresholds: tuple[int, ...]) -> QuotaNews | None:
    found = crossed(before, now.resources, thresholds)
    return QuotaNews(folder_id=now.folder_id, resources=now.resources, crossed=found) if found else None
