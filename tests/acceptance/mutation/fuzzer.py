"""Another mail program that does everything to a mailbox that can be done, in an order that a seed decides."""

from __future__ import annotations

import imaplib
import threading
import time
from collections.abc import Callable
from random import Random
from typing import Final

from .hand import RETRIES, Hand, Refused
from .journal import Journal
from .tree import INBOX, MOST, Tree

FLAGS: Final = ("\\Seen", "\\Flagged", "\\Answered", "\\Draft", "Later", "$Forwarded")
LULL: Final = 0.4
"""Longest pause between two changes, in seconds; most come at once."""
FULL: Final = 220
"""Messages of a folder above which it only loses some: more than a window of flags has."""
_WEIGHTS: Final = {
    "append": 20, "burst": 3, "flag": 26, "flag_many": 4, "expunge": 12, "empty": 1, "move": 6, "copy": 5,
    "create": 4, "rename": 4, "rename_inbox": 1, "delete": 2, "subscribe": 3,
    "rebuild": 2, "replace": 2, "swap": 2, "away_and_back": 1, "take_the_name": 2,
}  # fmt: skip


class Fuzzer:
    """``work(n)`` makes at least n changes. ``most``: of a second, so that clients see many states in between."""

    def __init__(
        self,
        sign_in: Callable[[], imaplib.IMAP4],
        journal: Journal,
        *,
        seed: int,
        kept: tuple[str, ...],
        most: float,
        without: frozenset[str] = frozenset(),
        repeats: bool = False,
    ) -> None:
        self.random = Random(seed)
        self.hand = Hand(sign_in, journal, repeats=repeats)
        self.tree = Tree(kept)
        self._enough = threading.Event()
        self._pause = 1 / most
        self._weights = {kind: weight for kind, weight in _WEIGHTS.items() if kind not in without}
        self.refused: list[str] = []

    def prepare(self) -> None:
        """Some folders and messages to begin with."""
        for name in ("Big", "Work", "Work/x", "Old"):
            self.hand.create(name)
            self.tree.made.append(name)
        for folder, count in ((INBOX, 25), ("Big", 150), ("Work", 8), ("Work/x", 3)):
            for _ in range(count):
                self.hand.append(folder, self._some_flags())
        self.hand.leave()
        self.hand.did.clear()

    def work(self, count: int) -> None:
        """Blocks; :meth:`stop` from another thread ends it early."""
        until = self.hand.did.total() + count
        kinds, weights = zip(*self._weights.items(), strict=True)
        while self.hand.did.total() < until and not self._enough.is_set():
            (kind,) = self.random.choices(kinds, weights)
            before = self.hand.did.total()
            try:
                getattr(self, f"_{kind}")()
            except Refused as refused:
                self.refused.append(str(refused))
            except imaplib.IMAP4.abort as gone:
                self.refused.append(str(gone))
                self.hand.lost()
            done = self.hand.did.total() - before
            time.sleep(self._pause * done * self.random.choice((0, 0, 0, 1, 4)))
        self.hand.leave()

    def last(self) -> None:
        """One more change, by itself.

        Where sessions of Dovecot list folders while others rename them, one may think that nothing has changed since,
        and lists the old ones until something else changes in any folder: in a mailbox that is used, soon. While it
        builds its list anew it may say for a moment that there is no INBOX.
        """
        for attempt in range(RETRIES):
            try:
                self.hand.append(INBOX, "")
                break
            except Refused:
                if attempt == RETRIES - 1:
                    raise
                time.sleep(0.2)
        self.hand.leave()

    def stop(self) -> None:
        self._enough.set()

    @property
    def did(self) -> int:
        return self.hand.did.total()

    # messages

    def _append(self) -> None:
        self.hand.append(self.random.choice(self.tree.all), self._some_flags())

    def _burst(self) -> None:
        folder = self.random.choice(self.tree.all)
        for _ in range(self.random.randrange(5, 30)):
            self.hand.append(folder, self._some_flags())

    def _flag(self) -> None:
        folder = self._filled()
        if folder is not None:
            self._store(folder, self._range(folder, 3))

    def _flag_many(self) -> None:
        folder = self._filled()
        if folder is not None:
            self._store(folder, self._range(folder, 60))

    def _store(self, folder: str, messages: str) -> None:
        how = self.random.choice(("+FLAGS", "-FLAGS", "FLAGS"))
        self.hand.store(folder, messages, how, self.random.choice(FLAGS))

    def _expunge(self) -> None:
        folder = self._filled()
        if folder is not None:
            self.hand.expunge(folder, self._range(folder, 60 if self.hand.count(folder) > FULL else 4))

    def _empty(self) -> None:
        folder = self._filled()
        if folder is not None:
            self.hand.expunge(folder, "1:*")

    def _move(self) -> None:
        folder = self._filled()
        if folder is not None:
            self.hand.move(folder, self._range(folder, 6), self.random.choice(self.tree.all))

    def _copy(self) -> None:
        folder = self._filled()
        if folder is not None:
            self.hand.copy(folder, self._range(folder, 6), self.random.choice(self.tree.all))

    # folders

    def _create(self) -> None:
        self._made(self._fresh())

    def _rename(self) -> None:
        old, new = self._one_made(), self._fresh()
        if old is not None and new is not None and not new.startswith(f"{old}/"):
            self.hand.rename(old, new)
            self.tree.rename(old, new)

    def _rename_inbox(self) -> None:
        """All messages go to a new folder, and INBOX stays, empty (RFC 9051 section 6.3.6)."""
        new = self._fresh()
        if new is not None:
            self.hand.rename(INBOX, new)
            self.tree.made.append(new)

    def _delete(self) -> None:
        old = self._one_made()
        if old is not None:
            self._gone(old)

    def _subscribe(self) -> None:
        folder = self.random.choice(self.tree.all)
        self.hand.subscribe(folder, self.random.random() < 0.6)

    def _rebuild(self) -> None:
        """Deleted and made anew, and filled again at once: the same name, another UIDVALIDITY."""
        old = self._one_made()
        if old is not None:
            self._gone(old)
            self._made(old)
            self._fill(old)

    def _replace(self) -> None:
        """Renamed away, and a new one in its place."""
        old, new = self._one_made(), self._fresh()
        if old is not None and new is not None and not new.startswith(f"{old}/"):
            self.hand.rename(old, new)
            self.tree.rename(old, new)
            self._made(old)
            self._fill(old)

    def _swap(self) -> None:
        """Two folders change names."""
        one, other, spare = self._one_made(), self._one_made(), self._fresh()
        if one is None or other is None or spare is None or "/" in spare or one == other:
            return
        if any(a.startswith(f"{b}/") for a in (one, other, spare) for b in (one, other, spare)):
            return  # Dovecot refuses that, and its sessions list different folders afterwards
        for old, new in ((one, spare), (other, one), (spare, other)):
            self.hand.rename(old, new)
            self.tree.rename(old, new)

    def _away_and_back(self) -> None:
        """Renamed and renamed back, with a change between."""
        old, new = self._one_made(), self._fresh()
        if old is not None and new is not None and not new.startswith(f"{old}/"):
            self.hand.rename(old, new)
            self.tree.rename(old, new)
            self.hand.append(new, self._some_flags())
            self.hand.rename(new, old)
            self.tree.rename(new, old)

    def _take_the_name(self) -> None:
        """One folder is deleted, and another one gets its name."""
        one, other = self._one_made(), self._one_made()
        if one is None or other is None or one == other or self.tree.below(one) or one.startswith(f"{other}/"):
            return
        self._gone(one)
        self.hand.rename(other, one)
        self.tree.rename(other, one)

    # steps

    def _fill(self, folder: str) -> None:
        for _ in range(self.random.randrange(0, 12)):
            self.hand.append(folder, self._some_flags())

    def _made(self, name: str | None) -> None:
        if name is not None:
            self.hand.create(name)
            self.tree.made.append(name)
            if self.random.random() < 0.5:
                self.hand.subscribe(name, True)

    def _gone(self, name: str) -> None:
        self.hand.delete(name)
        self.tree.remove(name)

    def _fresh(self) -> str | None:
        return self.tree.fresh(self.random) if len(self.tree.made) < MOST else None

    def _one_made(self) -> str | None:
        return self.random.choice(self.tree.made) if self.tree.made else None

    def _filled(self) -> str | None:
        """Open a folder with messages in it; the large ones are taken as often as the small."""
        folder = self.random.choice(self.tree.all)
        return folder if self.hand.count(folder) else None

    def _range(self, folder: str, widest: int) -> str:
        exists = max(1, self.hand.count(folder))  # another client may have emptied it meanwhile
        first = self.random.randint(1, exists)
        return f"{first}:{min(exists, first + self.random.randrange(widest))}"

    def _some_flags(self) -> str:
        return " ".join(self.random.sample(FLAGS, self.random.choice((0, 0, 0, 1, 2))))
