"""Numbers of different moments are never added up: news between two commands hides nothing."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from gateway.mail.changes import changes_between
from gateway.mail.snapshot import refresh, state_of
from gateway.sync.ids import MessageId
from gateway.sync.state import FolderState

from .conftest import Opener

INBOX = MailboxName(b"INBOX")
MESSAGE = b"Subject: x\r\nFrom: a@example.org\r\n\r\nbody\r\n"


async def stored(session: Session, count: int) -> list[int]:
    await session.select(INBOX)
    made = [await session.append(INBOX, len(MESSAGE), MESSAGE) for _ in range(count)]
    return [result.uid for result in made if result is not None]


async def removed(session: Session, uids: Iterable[int]) -> None:
    some = UidSet.of(uids)
    await session.store(some, add=(b"\\Deleted",))
    await session.expunge(some)


async def look(session: Session) -> FolderState:
    await session.select(INBOX, readonly=True, again=True)
    return await state_of(session)


@pytest.mark.parametrize("mode", ["qresync", "condstore", "window"])
async def test_deletions_told_meanwhile_hide_no_earlier_ones(opened: Opener, mode: str) -> None:
    watched, other = await opened(mode), await opened()
    uids = await stored(other, 12)
    old = await look(watched)
    await removed(other, uids[-3:])
    now = await look(watched)
    await removed(other, uids[:3])
    await watched.noop()
    told = await changes_between(watched, INBOX, old, now, most=100)
    destroyed = {MessageId.parse(gone).uid for gone in told.destroyed}
    assert set(uids[-3:]) <= destroyed <= {*uids[-3:], *uids[:3]}
    later = await changes_between(watched, INBOX, now, await look(watched), most=100)
    assert {MessageId.parse(gone).uid for gone in later.destroyed} == set(uids[:3])


@pytest.mark.parametrize("mode", ["condstore", "window"])
async def test_a_new_message_that_went_at_once_hides_no_earlier_deletion(opened: Opener, mode: str) -> None:
    watched, other = await opened(mode), await opened()
    uids = await stored(other, 12)
    old = await look(watched)
    await removed(other, uids[4:5])
    fresh = await stored(other, 2)
    now = await look(watched)
    await removed(other, fresh[:1])
    await watched.noop()
    told = await changes_between(watched, INBOX, old, now, most=100)
    assert [MessageId.parse(gone).uid for gone in told.destroyed] == [uids[4], fresh[0]]
    assert [MessageId.parse(message.id).uid for message in told.created] == fresh[1:]


async def test_news_that_came_with_another_command_is_taken_in(opened: Opener) -> None:
    watched, other = await opened(), await opened()
    uids = await stored(other, 1)
    await watched.select(INBOX)
    (new,) = await stored(other, 1)
    await watched.store(UidSet.of(uids), add=(b"\\Seen",))
    await watched.noop()
    assert (await refresh(watched)).uidnext == new + 1
