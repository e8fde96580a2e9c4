"""The verbs with what only some servers have, and without one extension."""

from __future__ import annotations

import pytest

from gateway.errors import (
    LocalError,
    NotFound,
    Unprocessable,
)
from gateway.imap.encode.fetch_item import Item, Section
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from tests.imap.conftest import Opener
from tests.imap.mails import INBOX, ONE, OTHER, fill, uids_of


async def test_results_of_uidplus(session: Session) -> None:
    await session.create(OTHER)
    await fill(session, 2)
    appended = await session.append(OTHER, 3, b"abc")
    copied = await session.copy(UidSet.span(1, 2), OTHER)
    moved = await session.move(UidSet.of([2, 77]), OTHER)
    assert appended is not None
    assert copied is not None
    assert moved is not None
    assert appended.uidvalidity == copied.uidvalidity == moved.uidvalidity
    assert (appended.uid, copied.mapping, moved.mapping) == (1, {1: 2, 2: 3}, {2: 4})


async def test_without_uidplus_other_deleted_messages_are_never_expunged(opened: Opener) -> None:
    session = await opened("UIDPLUS MOVE")
    await session.create(OTHER)
    await fill(session, 3)
    await session.store(UidSet.span(1, 2), add=[b"\\Deleted"])
    with pytest.raises(Unprocessable):
        await session.expunge(ONE)
    with pytest.raises(Unprocessable):
        await session.move(UidSet.of([3]), OTHER)
    assert await uids_of(session) == {1, 2, 3}
    assert (await session.status(OTHER, ["MESSAGES"])).values["MESSAGES"] == 0
    await session.expunge(UidSet.span(1, 2))
    assert await uids_of(session) == {3}


async def test_a_conditional_store_tells_what_was_changed_meanwhile(session: Session) -> None:
    await fill(session, 2)
    modseq = (await session.fetch(ONE, [Item.MODSEQ])).messages[1].modseq
    assert modseq is not None
    await session.store(ONE, add=[b"a"])
    result = await session.store(UidSet.span(1, 2), add=[b"b"], remove=[b"c"], unchanged_since=modseq + 1)
    assert result.modified == ONE
    assert result.messages[2].flags is not None


async def test_changes_since_with_vanished(session: Session) -> None:
    await fill(session, 3)
    assert session.mailbox is not None
    since = session.mailbox.highestmodseq
    assert since is not None
    await session.store(UidSet.of([2]), add=[b"\\Deleted"])
    await session.expunge(UidSet.of([2]))
    await session.store(UidSet.of([3]), add=[b"x"])
    result = await session.fetch(UidSet.from_(1), [Item.FLAGS], changed_since=since, vanished=True)
    assert set(result.messages) == {3}
    assert 2 in result.vanished
    assert result.exists_at_end == 2


async def test_vanished_without_qresync_is_our_fault(opened: Opener) -> None:
    session = await opened("QRESYNC")
    await fill(session, 1)
    assert session.capabilities.enabled == {"CONDSTORE"}
    with pytest.raises(LocalError):
        await session.fetch(ONE, [], changed_since=1, vanished=True)


async def test_a_large_scattered_set_goes_as_several_commands(session: Session) -> None:
    await fill(session, 3)
    scattered = UidSet.of(range(1, 4000, 2))
    assert set((await session.fetch(scattered, [Item.FLAGS])).messages) == {1, 3}
    await session.store(scattered, add=[b"\\Deleted"])
    await session.expunge(scattered)
    assert await uids_of(session) == {2}


async def test_nothing_is_asked_for_no_messages(session: Session) -> None:
    await fill(session, 1)
    before = session.bytes_out
    assert (await session.fetch(UidSet(), [Item.FLAGS])).messages == {}
    assert (await session.store(UidSet(), add=[b"x"])).messages == {}
    assert session.bytes_out == before


async def test_a_message_that_another_session_expunged_is_not_found(opened: Opener) -> None:
    """Dovecot says ``BODY[TEXT] NIL``, or nothing, and EXPUNGEISSUED."""
    session, other = await opened(), await opened()
    await fill(session, 2)
    await other.select(INBOX)
    await other.store(ONE, add=[b"\\Deleted"])
    await other.expunge(ONE)
    for section in (Section(), Section(text="TEXT"), Section("1")):
        with pytest.raises(NotFound):
            await session.fetch_sections(1, [section])
        with pytest.raises(NotFound):
            async with session.stream(1, section):
                pytest.fail("it is gone")
