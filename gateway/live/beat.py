"""What one connection watches, and what of it has to be looked at."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.imap.name import MailboxName
from gateway.live.gauge import Gauge
from gateway.live.lookout import Lookout
from gateway.live.roster import Roster
from gateway.waiting import Signal


class Beat:
    """Folders are looked at in the order in which they were called, so that a busy one does not hide another."""

    def __init__(self, roster: Roster | None = None, gauge: Gauge | None = None) -> None:
        self.roster = roster
        self.gauge = gauge
        self.lookouts: dict[MailboxName, Lookout] = {}
        self.wake = Signal()
        self._due: dict[MailboxName, None] = {}

    def add(self, lookout: Lookout) -> None:
        self.lookouts[lookout.name] = lookout
        self.call(lookout.name)

    def remove(self, name: MailboxName) -> None:
        self.lookouts.pop(name, None)
        self._due.pop(name, None)

    def call(self, name: MailboxName) -> None:
        """The folder has to be looked at; one that is not watched here is nobody's."""
        if name in self.lookouts:
            self._due.setdefault(name)
            self.wake.set()

    def call_all(self) -> None:
        for name in self.lookouts:
            self.call(name)

    def call_list(self) -> None:
        """The folder list has to be read."""
        if self.roster is not None and self.roster.wanted:
            self.roster.due = True
            self.wake.set()

    def next(self) -> Lookout | None:
        """The folder that was called first, which counts as looked at from now on."""
        for name in self._due:
            del self._due[name]
            return self.lookouts[name]
        return None

    @property
    def listing(self) -> bool:
        """Whether the folder list is watched."""
        return self.roster is not None and self.roster.wanted

    @property
    def list_due(self) -> bool:
        return self.roster is not None and self.roster.wanted and self.roster.due

    @property
    def quiet(self) -> bool:
        """Whether nothing has to be looked at."""
        return not self._due and not self.list_due

    def by_age(self) -> list[Lookout]:
        """Those whose last look is longest ago first."""
        return sorted(self.lookouts.values(), key=lambda lookout: lookout.looked_at)

    def __iter__(self) -> Iterator[Lookout]:
        return iter(list(self.lookouts.values()))
