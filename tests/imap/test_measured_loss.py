"""What was measured of aioimaplib when a connection is lost or a command cancelled, and must not happen here."""

from __future__ import annotations

import asyncio
import time

import pytest

from gateway.errors import ConnectionLost
from gateway.imap.encode.fetch_item import Item, Section
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from tests.imap.conftest import Joiner, Opener
from tests.imap.mails import INBOX, OTHER, message, pour, read
from tests.imap.scripted import Close, Eof, Expect, Meet, Send, scripted, selected, signed_in
from tests.servers.dovecot import Dovecot


@pytest.mark.parametrize(
    ("last", "bye"),
    [(Send(b"* BYE [UNAVAILABLE] going down\r\n"), "going down"), (Close(), None), (Close(reset=True), None)],
    ids=["bye", "eof", "reset"],
)
async def test_on_loss_or_bye_all_pending_commands_fail_within_milliseconds(
    joined: Joiner, last: Send | Close, bye: str | None
) -> None:
    meet = Meet()
    script = [*signed_in(), *selected(), *[Expect("UID FETCH .+")] * 20, meet, last]
    async with scripted(*script) as server:
        session = await joined(server)
        await session.select(INBOX)
        fetches = [asyncio.ensure_future(session.fetch(UidSet.of([uid]), [Item.FLAGS])) for uid in range(1, 21)]
        select = asyncio.ensure_future(session.select(OTHER))
        await meet.go()
        began = time.perf_counter()
        results = await asyncio.gather(*fetches, select, return_exceptions=True)
        assert time.perf_counter() - began < 3  # of the 15 until the deadline
        assert all(isinstance(result, ConnectionLost) and result.bye == bye for result in results), results
        assert len({id(result) for result in results}) == 21
        assert not session.alive
        assert session.lost.is_set()
        with pytest.raises(ConnectionLost):
            await session.noop()


async def test_a_server_that_restarts_ends_pending_commands(
    session: Session, dovecot: Dovecot, account: tuple[str, str]
) -> None:
    await session.select(INBOX)

    async def watch() -> None:
        async with session.idle() as pushes:
            await asyncio.to_thread(dovecot.kick, account[0])
            await pushes.wait(5)

    with pytest.raises(ConnectionLost):
        await asyncio.wait_for(watch(), 5)


async def test_a_write_that_was_lost_may_have_been_done(joined: Joiner) -> None:
    script = [*signed_in(), *selected(), Expect("UID STORE .+"), Close()]
    async with scripted(*script) as server:
        session = await joined(server)
        await session.select(INBOX)
        with pytest.raises(ConnectionLost) as lost:
            await session.store(UidSet.of([1]), add=[b"\\Seen"])
        assert lost.value.maybe_done


async def test_a_cancelled_idle_leaves_a_connection_that_works(session: Session) -> None:
    await session.select(INBOX)
    for _ in range(5):
        entered = asyncio.Event()

        async def watch(entered: asyncio.Event = entered) -> None:
            async with session.idle() as pushes:
                entered.set()
                await pushes.wait(60)

        task = asyncio.ensure_future(watch())
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await session.settle()
        await session.noop()


async def test_an_idle_cancelled_before_it_began_is_ended_when_it_does(joined: Joiner) -> None:
    meet = Meet()
    script = [
        *signed_in("IMAP4rev1 IDLE"),
        *selected(),
        Expect("IDLE", as_="idle"),
        meet,
        Send(b"+ idling\r\n"),
        Expect("DONE", tagless=True),
        Send(b"{idle} OK\r\n"),
        Expect("NOOP"),
        Send(b"{tag} OK\r\n"),
    ]
    async with scripted(*script) as server:
        session = await joined(server)
        await session.select(INBOX)

        async def watch() -> None:
            async with session.idle():
                pytest.fail("it never began")

        task = asyncio.ensure_future(watch())
        await meet.reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        meet.released.set()
        assert await session.settle()
        await session.noop()
        await server.finished.wait()


async def test_the_late_answer_of_a_cancelled_fetch_is_drained(joined: Joiner) -> None:
    meet = Meet()
    script = [
        *signed_in(),
        *selected(),
        Expect("UID FETCH 1 .+", as_="first"),
        meet,
        Expect("UID FETCH 2 .+"),
        Send(
            b"* 1 FETCH (UID 1 BODY[] {3}\r\none)\r\n{first} OK\r\n* 2 FETCH (UID 2 BODY[] {3}\r\ntwo)\r\n{tag} OK\r\n"
        ),
    ]
    async with scripted(*script) as server:
        session = await joined(server)
        await session.select(INBOX)
        first = asyncio.ensure_future(session.fetch(UidSet.of([1]), [Section()]))
        await meet.reached.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert not session.clean
        meet.released.set()
        second = await session.fetch(UidSet.of([2]), [Section()])
        assert second.messages[2].sections == {Section().key: b"two"}
        assert list(second.messages) == [2]
        assert session.clean


async def test_what_is_not_drained_in_time_ends_the_connection(joined: Joiner) -> None:
    script = [*signed_in(), *selected(), Expect("UID FETCH .+"), Eof()]
    async with scripted(*script) as server:
        session = await joined(server)
        await session.select(INBOX)
        fetch = asyncio.ensure_future(session.fetch(UidSet.of([1]), [Item.FLAGS]))
        await asyncio.sleep(0)
        fetch.cancel()
        began = time.perf_counter()
        assert not await session.settle()
        assert time.perf_counter() - began < 5  # of the 15 until the deadline
        assert not session.alive
        await server.finished.wait()


async def test_a_large_abandoned_answer_ends_the_connection(opened: Opener) -> None:
    session = await opened()
    await pour(session, [message(b"large", b"x" * 78 + b"\r\n") + (b"y" * 78 + b"\r\n") * 100_000])
    async with session.stream(1, Section()) as octets:
        await anext(octets)
    assert not await session.settle()
    assert not session.alive


async def test_a_small_abandoned_answer_is_drained(opened: Opener) -> None:
    session = await opened()
    await pour(session, [message(b"mid", (b"y" * 78 + b"\r\n") * 9_000)])
    async with session.stream(1, Section()) as octets:
        await anext(octets)
    assert await session.settle()
    assert len(await read(session, 1)) == octets.size
