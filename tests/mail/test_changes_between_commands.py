"""What happens between two commands of one answer, each case by itself; the model beside it tries all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

from gateway.imap.encode.fetch_item import FetchItem, Item
from gateway.imap.encode.search_key import SearchKey, SeqIn
from gateway.imap.limits import MAX_NUMBER
from gateway.imap.session import FetchResult, SearchResult
from gateway.imap.uids import SequenceSet, UidSet
from gateway.mail.changes import changes_between
from gateway.mail.resource import Changes
from gateway.mail.snapshot import state_of
from gateway.mail.summary import keywords
from gateway.sync.state import FolderState

from .mailbox_model import ModelMailbox, ModelSession
from .test_changes import INBOX, Client, uid_of


class Scripted(ModelSession):
    """``before`` and ``behind`` are called around each command, with its UIDs, its search key or its items."""

    def __init__(self, box: ModelMailbox, mode: str, *, late: bool = False, held: bool = False) -> None:
        super().__init__(
            box, mode, esearch=True, meanwhile=lambda: None, holds_back=lambda: held, afterwards=lambda: late
        )
        self.before: Callable[[object], None] = lambda _: None
        self.behind: Callable[[object], None] = lambda _: None

    async def search(self, key: SearchKey, *, ret: Sequence[str] = ("ALL",)) -> SearchResult:
        self.before(key)
        return await super().search(key, ret=ret)

    async def fetch(self, uids: UidSet, items: Sequence[FetchItem], **more: Any) -> FetchResult:
        what = uids if uids.last == MAX_NUMBER else tuple(items)
        self.before(what)
        got = await super().fetch(uids, items, **more)
        self.behind(what)
        return got


class Case:
    """A mailbox of messages 1, 2, …, and a client that has them all."""

    def __init__(self, mode: str, count: int, *, late: bool = False, held: bool = False) -> None:
        self.box = ModelMailbox(Random(1))
        self.session = Scripted(self.box, mode, late=late, held=held)
        self.client = Client(FolderState(7, 1, 0, 0))
        self.come(count)

    def come(self, count: int) -> None:
        for _ in range(count):
            self.box.modseq += 1
            self.box.messages[self.box.uidnext] = (frozenset(), self.box.modseq)
            self.box.uidnext += 1

    def go(self, *uids: int) -> None:
        self.box.modseq += 1
        for uid in uids:
            del self.box.messages[uid]

    def flag(self, uid: int, *flags: bytes) -> None:
        self.box.modseq += 1
        self.box.messages[uid] = (frozenset(flags), self.box.modseq)

    async def tell(self, most: int = 50) -> Changes:
        opened = self.session.open()
        told = await changes_between(opened, INBOX, self.client.state, await state_of(opened), most=most)
        self.client.apply(told)
        return told

    async def settled(self) -> None:
        """Nothing happens any more; the client asks to the end and has the truth."""
        self.session.before = self.session.behind = lambda _: None
        while (await self.tell()).has_more:
            pass
        assert self.client.flags == {uid: keywords(flags) for uid, flags in self.box.flags().items()}


BY_SAMPLES = pytest.mark.parametrize("mode", ["condstore", "window"])


def once(wanted: Callable[[object], bool], act: Callable[[], None]) -> Callable[[object], None]:
    """Act at the first command that is wanted."""
    left = [act]

    def look(what: object) -> None:
        if left and wanted(what):
            left.pop()()

    return look


def counting(what: object) -> bool:
    """The FETCH that tells where the samples are."""
    return isinstance(what, UidSet)


def showing(what: object) -> bool:
    """The FETCH of new messages."""
    return isinstance(what, tuple) and Item.ENVELOPE in what


@BY_SAMPLES
async def test_mail_that_comes_while_deletions_are_counted_hides_none(mode: str) -> None:
    """EXISTS behind the FETCH is not of the moment that its numbers are of."""
    case = Case(mode, 5, late=True)
    await case.settled()
    case.go(5)
    case.session.before = once(counting, lambda: case.come(1))
    assert [uid_of(gone) for gone in (await case.tell()).destroyed] == [5]
    await case.settled()


@BY_SAMPLES
async def test_new_mail_that_goes_unsaid_makes_up_for_no_deletion(mode: str) -> None:
    """As many messages as there should be, for one of those that came is gone, and nothing was told of it."""
    case = Case(mode, 3, held=True)
    await case.settled()
    case.go(1)
    case.come(2)
    case.session.before = once(showing, lambda: case.go(4))
    told = await case.tell()
    assert ([uid_of(new.id) for new in told.created], {uid_of(gone) for gone in told.destroyed}) == ([5], {1, 4})
    await case.settled()


@BY_SAMPLES
async def test_the_position_of_new_mail_that_is_gone_is_not_an_old_message(mode: str) -> None:
    """The first message after those that the client knows was expunged, which the server has yet to tell."""
    case = Case(mode, 3, held=True)
    await case.settled()
    case.go(3)
    case.come(2)
    case.session.before = once(counting, lambda: case.go(4))
    assert 3 in {uid_of(gone) for gone in (await case.tell()).destroyed}
    await case.settled()


@pytest.mark.parametrize("late", [True, False])
@pytest.mark.parametrize("mode", ["qresync", "condstore", "window"])
async def test_messages_that_go_while_the_oldest_are_looked_for_cost_no_other(mode: str, *, late: bool) -> None:
    """The folder shrinks behind the answer to what was looked at of it: that was not all."""
    case = Case(mode, 8, late=late)
    looked = SeqIn(SequenceSet.span(1, 2))
    case.session.before = once(lambda what: what == looked, lambda: case.go(2, 3, 4, 5, 6, 7))
    told = await case.tell(most=1)
    assert [uid_of(new.id) for new in told.created] == [1]
    assert 8 not in {uid_of(gone) for gone in told.destroyed}
    await case.settled()


async def test_a_flag_that_new_mail_had_for_a_moment_is_told_as_gone() -> None:
    """The flags that were compared do not have it, and neither has the message later: but the client has."""
    case = Case("window", 1)
    await case.settled()
    case.come(1)
    case.session.before = once(showing, lambda: case.flag(2, b"\\Flagged"))
    case.session.behind = once(showing, lambda: case.flag(2))
    await case.tell()
    assert case.client.flags[2] == ["$flagged"]
    await case.settled()
