"""Pages by UID windows against a plain listing, in a folder full of holes, on a real server."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

import pytest

from gateway.imap.encode.fetch_item import Item
from gateway.imap.encode.search_key import Flagged
from gateway.imap.name import MailboxName
from gateway.imap.response import Fetched
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from gateway.mail.window import count_below, matching, newest

from .conftest import Opener

INBOX = MailboxName(b"INBOX")
MESSAGE = b"Subject: x\r\n\r\nbody\r\n"


async def holes(session: Session, count: int, keep: float, seed: int) -> list[int]:
    """A folder of which about ``keep`` is left, in runs; the UIDs that are."""
    chance = random.Random(seed)
    await session.append(INBOX, len(MESSAGE), MESSAGE)
    mailbox = await session.select(INBOX)
    while mailbox.exists < count:
        await session.copy(UidSet.from_(1), INBOX)
        await session.noop()
    gone: list[int] = []
    uid = 1
    while uid < mailbox.exists:
        run = chance.randrange(1, 40)
        if chance.random() > keep:
            gone += range(uid, uid + run)
        uid += run
    lost = UidSet.of(gone)
    await session.store(lost, add=(b"\\Deleted",))
    await session.expunge(lost)
    await session.select(INBOX, again=True)
    return sorted((await session.fetch(UidSet.from_(1), (Item.UID,))).messages)


def getter(session: Session) -> Callable[[UidSet], Awaitable[dict[int, Fetched]]]:
    async def get(uids: UidSet) -> dict[int, Fetched]:
        return (await session.fetch(uids, (Item.FLAGS,))).messages

    return get


@pytest.mark.parametrize(("keep", "seed"), [(1.0, 1), (0.6, 2), (0.2, 3)])
async def test_pages_are_the_listing_cut_in_pieces(opened: Opener, keep: float, seed: int) -> None:
    session = await opened()
    uids = await holes(session, 700, keep, seed)
    mailbox = session.mailbox
    assert mailbox is not None
    seen: list[int] = []
    below: int | None = mailbox.uidnext
    while below is not None:
        page = await newest(session, mailbox, below, 7, getter(session))
        assert 0 < len(page.messages) <= 7
        seen += [message.uid or 0 for message in page.messages]
        below = page.below
    assert seen == uids[::-1]


async def test_counting_below_any_uid(opened: Opener) -> None:
    session = await opened()
    uids = await holes(session, 300, 0.4, 4)
    assert session.mailbox is not None
    for uid in (1, *random.Random(5).sample(range(2, uids[-1] + 1), 30), uids[-1], uids[-1] + 1, uids[-1] + 1000):
        assert await count_below(session, len(uids), uid) == sum(1 for there in uids if there < uid)


@pytest.mark.parametrize("step", [3, 50, 5000])
async def test_matches_are_found_from_the_top_and_gone_on_from(opened: Opener, step: int) -> None:
    session = await opened()
    uids = await holes(session, 300, 0.7, 6)
    marked = sorted(random.Random(7).sample(uids, 25))
    await session.store(UidSet.of(marked), add=(b"\\Flagged",))
    mailbox = session.mailbox
    assert mailbox is not None
    seen: list[int] = []
    below: int | None = mailbox.uidnext
    while below is not None:
        found, below = await matching(session, mailbox, below, 4, Flagged(b"\\Flagged"), step=step, most=60)
        assert len(found) <= 4
        seen += found
    assert seen == marked[::-1]


async def test_an_empty_folder_is_an_empty_page(opened: Opener) -> None:
    session = await opened()
    mailbox = await session.select(INBOX)
    page = await newest(session, mailbox, mailbox.uidnext or 1, 10, getter(session))
    assert (page.messages, page.below) == ((), None)
    assert await matching(session, mailbox, 1, 10, Flagged(b"\\Seen"), step=10, most=10) == ((), None)
