"""A thousand cancellations at random moments; every body that is given out is the right one, whole."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

from gateway.imap.encode.fetch_item import Item, Section
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from tests.imap.conftest import Opener
from tests.imap.mails import INBOX

SIZES = (10, 900, 70_000, 400_000)


def body(uid: int) -> bytes:
    line = b"Subject: %d\r\n\r\n" % uid + b"owner %d\r\n" % uid
    return line * (SIZES[uid % len(SIZES)] // len(line) + 1)


async def read_whole(session: Session, uid: int) -> None:
    async with session.stream(uid, Section()) as octets:
        assert b"".join([chunk async for chunk in octets]) == body(uid)


async def read_a_little(session: Session, uid: int) -> None:
    async with session.stream(uid, Section()) as octets:
        assert body(uid).startswith(await anext(octets))


async def fetch_whole(session: Session, uid: int) -> None:
    got = await session.fetch(UidSet.of([uid]), [Item.ENVELOPE, Section(partial=(0, 500))])
    assert list(got.messages) == [uid]
    assert got.messages[uid].sections == {Section(partial=(0, 500)).key: body(uid)[:500]}


async def idle_a_moment(session: Session, _: int) -> None:
    async with session.idle() as pushes:
        await pushes.wait(0.002)


async def test_a_thousand_cancellations(opened: Opener) -> None:
    chance = random.Random(7)
    session = await opened()
    for uid in range(1, 13):
        await session.append(INBOX, len(body(uid)), body(uid))
    sessions = 1
    steps = [read_whole, read_a_little, fetch_whole, idle_a_moment]
    cancelled = 0
    while cancelled < 1000:
        if not session.alive:
            session, sessions = await opened(), sessions + 1
        await session.select(INBOX)
        tasks = [
            asyncio.ensure_future(chance.choice(steps)(session, chance.randint(1, 12)))
            for _ in range(chance.randint(1, 4))
        ]
        for _ in range(chance.choice((0, 1, 2, 3, 5, 8, 20))):
            await asyncio.sleep(0)
        for task in tasks:
            cancelled += task.cancel() if chance.random() < 0.8 else 0
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        if await session.settle():
            assert session.clean
            if chance.random() < 0.2:
                await read_whole(session, chance.randint(1, 12))
    assert sessions < 100  # draining is the rule, a new connection the exception
