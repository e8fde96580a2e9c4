"""A mailbox that others change at any moment, and a session that has it open: as much of one as changes need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import cast

from gateway.imap.capability import Capabilities
from gateway.imap.encode.fetch_item import FetchItem
from gateway.imap.encode.search_key import And, ModSeq, SearchKey, SeqIn, UidIn
from gateway.imap.limits import MAX_NUMBER
from gateway.imap.mailbox import Mailbox
from gateway.imap.name import MailboxName
from gateway.imap.response import Fetched
from gateway.imap.session import FetchResult, SearchResult, Session
from gateway.imap.uids import UidSet

NAMES = {"qresync": ("QRESYNC", "CONDSTORE"), "condstore": ("CONDSTORE",), "window": ()}


@dataclass
class ModelMailbox:
    """``messages``: flags and mod-sequence by UID. ``gaps``: UIDs may be left out, as servers do."""

    chance: Random
    messages: dict[int, tuple[frozenset[bytes], int]] = field(default_factory=dict)
    vanished: dict[int, int] = field(default_factory=dict)
    uidnext: int = 1
    modseq: int = 1

    def deliver(self, count: int) -> None:
        for _ in range(count):
            self.modseq += 1
            self.uidnext += self.chance.choice((0, 0, 0, 1, 4))
            self.messages[self.uidnext] = (frozenset(), self.modseq)
            self.uidnext += 1

    def mutate(self) -> None:
        """Something small: mail comes, or some messages are flagged or expunged."""
        some = [uid for uid in self.messages if self.chance.random() < self.chance.choice((0.1, 0.3, 0.9))]
        self.modseq += 1
        match self.chance.randrange(4):
            case 0:
                self.deliver(self.chance.randrange(1, 6))
            case 1:
                for uid in some:
                    del self.messages[uid]
                    self.vanished[uid] = self.modseq
            case _:
                for uid in some:
                    flags = self.messages[uid][0] ^ {self.chance.choice((b"\\Seen", b"\\Flagged", b"work"))}
                    self.messages[uid] = (flags, self.modseq)

    def flags(self) -> dict[int, frozenset[bytes]]:
        return {uid: flags for uid, (flags, _) in sorted(self.messages.items())}


class ModelSession:
    """Before each command ``meanwhile`` may change the mailbox; its answer tells of it as UID commands may.

    Where it ``holds_back``, what happened is not told then: the positions of what was expunged stay, and have no
    message, as on Cyrus. Where it tells ``afterwards``, that is behind the command's own answer, as on Dovecot.
    """

    def __init__(
        self,
        box: ModelMailbox,
        mode: str,
        *,
        esearch: bool,
        meanwhile: Callable[[], None],
        holds_back: Callable[[], bool] = lambda: False,
        afterwards: Callable[[], bool] = lambda: False,
    ) -> None:
        names = {*NAMES[mode], *(("ESEARCH",) if esearch else ())}
        self.capabilities = Capabilities.of(names)
        self.mailbox = Mailbox(MailboxName(b"INBOX"))
        self._box, self._esearch, self._meanwhile, self._holds_back = box, esearch, meanwhile, holds_back
        self._afterwards = afterwards
        self._positions: list[int] = []
        self.numbered = mode != "window"

    def open(self) -> Session:
        """Open the mailbox, again."""
        box = self._box
        modseq = box.modseq if self.numbered else None
        self._positions = sorted(box.messages)
        self.mailbox = Mailbox(self.mailbox.name, True, len(box.messages), 7, box.uidnext, modseq)
        return cast("Session", self)

    async def select(self, name: MailboxName, *, readonly: bool, again: bool) -> Mailbox:
        """It is still there."""
        assert (name, readonly, again) == (self.mailbox.name, True, True)
        self.open()
        return self.mailbox

    async def noop(self) -> None:
        """All is told."""
        self._meanwhile()
        self._tell()

    def _seqs(self) -> dict[int, int]:
        """By UID; what happened meanwhile is told before, told behind the answer, or held back."""
        self._meanwhile()
        told, afterwards = not self._holds_back(), self._afterwards()
        if told and not afterwards:
            self._tell()
        seqs = {uid: seq for seq, uid in enumerate(self._positions, 1) if uid in self._box.messages}
        if told and afterwards:
            self._tell()
        return seqs

    def _tell(self) -> None:
        there = sorted(self._box.messages)
        self.mailbox.version += there != self._positions
        self.mailbox.exists, self._positions = len(there), there

    async def search(self, key: SearchKey, *, ret: Sequence[str] = ("ALL",)) -> SearchResult:
        seqs = self._seqs()
        uids = UidSet.of(uid for uid, seq in seqs.items() if self._holds(key, uid, seq))
        everything = not self._esearch or "ALL" in ret
        return SearchResult(uids if everything else None, uids.first, uids.last, len(uids))

    def _holds(self, key: SearchKey, uid: int, seq: int) -> bool:
        match key:
            case And(keys):
                return all(self._holds(each, uid, seq) for each in keys)
            case SeqIn(numbers):
                return seq in numbers
            case UidIn(uids):
                return uid in uids
            case ModSeq(value):
                return self._box.messages[uid][1] >= value
            case _:
                raise NotImplementedError(key)

    async def fetch(
        self,
        uids: UidSet,
        items: Sequence[FetchItem],
        *,
        changed_since: int | None = None,
        vanished: bool = False,
        most: int | None = None,
    ) -> FetchResult:
        seqs = self._seqs()
        since = -1 if changed_since is None else changed_since
        told = {
            uid: Fetched(seqs[uid], uid, tuple(sorted(flags)), modseq)
            for uid, (flags, modseq) in sorted(self._box.messages.items())
            if uid in uids and uid in seqs and modseq > since
        }
        gone = UidSet.of(uid for uid, modseq in self._box.vanished.items() if modseq > since) if vanished else UidSet()
        kept = dict(list(told.items())[:most])
        cut = min(told.keys() - kept.keys(), default=None)
        last = max(seqs, default=0) if uids.last == MAX_NUMBER else 0
        strayed = seqs[last] if last and last not in uids and since < 0 else 0
        return FetchResult(kept, gone.intersect(uids), self.mailbox.exists, cut=cut, strayed=strayed)
