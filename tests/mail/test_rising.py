"""Messages from the oldest on, with holes and pauses, against the truth on a real server."""

from __future__ import annotations

import random

import pytest

from gateway.imap.encode.search_key import Flagged, SeqIn
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.uids import SequenceSet, UidSet
from gateway.mail.filter import Plan
from gateway.mail.find import find
from gateway.mail.rising import climb, rising
from gateway.mail.window import Looked

from .conftest import Opener

INBOX = MailboxName(b"INBOX")
SEEN = Flagged(b"\\Seen")


async def walked(session: Session, limit: int, search: Plan | None) -> list[int]:
    found: list[int] = []
    above: int | None = 0
    while above is not None:
        mailbox = await session.select(INBOX, again=True)
        uids, on = await rising(session, mailbox, above, limit, search)
        assert len(uids) <= limit
        assert on is None or on > above
        found += uids
        above = on
    return found


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_every_message_once_and_in_order(opened: Opener, limit: int) -> None:
    session, chance = await opened(), random.Random(limit)
    for number in range(60):
        await session.append(INBOX, 6, b"a: b\r\n", flags=(b"\\Seen",) if number % 7 == 0 else ())
    await session.select(INBOX)
    gone = UidSet.of(chance.sample(range(1, 61), 20))
    await session.store(gone, add=(b"\\Deleted",))
    await session.expunge(gone)
    left = [uid for uid in range(1, 61) if uid not in gone]
    assert await walked(session, limit, None) == left
    for step, most in ((3, 7), (100, 1000)):
        assert await walked(session, limit, Plan(SEEN, step, most)) == [uid for uid in left if uid % 7 == 1]


async def test_nothing_is_left_of_an_empty_folder(opened: Opener) -> None:
    session = await opened()
    assert await walked(session, 5, None) == []


async def test_who_deletes_meanwhile_hides_nothing(opened: Opener) -> None:
    session, other = await opened(), await opened()
    for _ in range(40):
        await session.append(INBOX, 6, b"a: b\r\n")
    await other.select(INBOX)
    mailbox = await session.select(INBOX)
    asked: list[SequenceSet] = []

    async def look(window: SequenceSet, wanted: int) -> Looked:
        found = await find(session, SeqIn(window))
        if not asked:  # from here on positions are others, as the server says with the next answer
            await other.store(UidSet.span(1, 8), add=(b"\\Deleted",))
            await other.expunge(UidSet.span(1, 8))
            await session.noop()
        asked.append(window)
        return Looked(found)

    uids, on = await climb(session, mailbox, 0, 100, look, step=10, most=1000)
    assert on is None
    assert uids == tuple(range(1, 41))
    assert len(asked) > 1
