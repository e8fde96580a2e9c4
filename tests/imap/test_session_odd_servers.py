"""Legal, half-legal and hostile answers that real servers are known for, or could come up with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from gateway.errors import DeadlinePassed, FolderStale, ProtocolViolation, Refused
from gateway.imap.encode.fetch_item import Item
from gateway.imap.encode.search_key import Plain
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from gateway.mail.opening import open_folder
from tests.imap.conftest import ALICE, Joiner
from tests.imap.mails import INBOX
from tests.imap.scripted import GREETING, Close, Expect, Meet, Send, Step, scripted, selected, signed_in

ARCHIVE = MailboxName(b"Archive")


@pytest.mark.parametrize("answer", [b"{tag} NO no\r\n", b"{tag} BAD what\r\n", b"* ENABLED\r\n{tag} OK\r\n"])
async def test_qresync_that_could_not_be_enabled_is_not_used(joined: Joiner, answer: bytes) -> None:
    script = [*signed_in("IMAP4rev1 ENABLE CONDSTORE QRESYNC"), Expect("ENABLE QRESYNC"), Send(answer)]
    async with scripted(*script) as server:
        session = await joined(server)
        assert session.capabilities.sync_mode() == "condstore"


async def test_qresync_without_enable_is_not_used(joined: Joiner) -> None:
    async with scripted(*signed_in("IMAP4rev1 CONDSTORE QRESYNC")) as server:
        session = await joined(server)
        assert session.capabilities.sync_mode() == "condstore"


async def test_message_numbers_in_the_place_of_uids_are_a_violation(joined: Joiner) -> None:
    """Taken for UIDs they would be other messages, left out they would be none."""
    answer = Send(b'* ESEARCH (TAG "{tag}") ALL 1:3\r\n{tag} OK\r\n')
    async with scripted(*signed_in("IMAP4rev1 ESEARCH"), *selected(), Expect("UID SEARCH .+"), answer) as server:
        session = await joined(server)
        await session.select(INBOX)
        with pytest.raises(ProtocolViolation):
            await session.search(Plain.ALL)


async def test_a_mailbox_that_is_there_and_was_open_and_is_refused_says_that_the_session_is_of_no_use(
    joined: Joiner,
) -> None:
    """Dovecot, to who had it open before it was made anew, for as long as the connection lasts."""
    deleted = Send(b"{tag} NO Mailbox was deleted under us\r\n")
    there = Send(b'* LIST () "/" INBOX\r\n{tag} OK\r\n')
    script = [*signed_in(), *selected(), Expect("SELECT .+"), deleted, Expect("LIST .+"), there]
    async with scripted(*script) as server:
        session = await joined(server)
        await session.select(INBOX)
        assert not session.outlived
        with pytest.raises(FolderStale):
            await open_folder(session, INBOX, readonly=False, again=True)
        assert session.outlived
        assert not session.clean


async def test_search_results_in_disorder_and_twice(joined: Joiner) -> None:
    answer = Send(b"* SEARCH 9 2 9\r\n* SEARCH 5 2\r\n{tag} OK\r\n")
    async with scripted(*signed_in(), *selected(), Expect("UID SEARCH .+"), answer) as server:
        session = await joined(server)
        await session.select(INBOX)
        assert (await session.search(Plain.ALL)).uids == UidSet.of([2, 5, 9])


async def test_a_fetch_answered_in_halves_and_with_news_between(joined: Joiner) -> None:
    answer = Send(
        b"* 1 FETCH (UID 4 FLAGS (\\Seen))\r\n* OK [ALERT] disk is hot\r\n* 2 EXISTS\r\n"
        b"* 2 FETCH (FLAGS ())\r\n* 1 FETCH (UID 4 RFC822.SIZE 12)\r\n{tag} OK\r\n"
    )
    async with scripted(*signed_in(), *selected(), Expect("UID FETCH .+"), answer) as server:
        session = await joined(server)
        mailbox = await session.select(INBOX)
        found = (await session.fetch(UidSet.of([4]), (Item.FLAGS, Item.SIZE))).messages
        assert (found[4].flags, found[4].size) == ((b"\\Seen",), 12)
        assert (mailbox.exists, mailbox.changed) == (2, True)


FAR = b"1:1999999"


@pytest.mark.parametrize("times", [1, 10_000])
async def test_a_copyuid_of_more_than_was_asked_is_not_believed(joined: Joiner, times: int) -> None:
    """Ten thousand short lines that claim two million messages each must cost no more than reading them."""
    lie = b"* OK [COPYUID 1 " + FAR + b" " + FAR + b"] moved\r\n"
    script = [
        *signed_in("IMAP4rev1 UIDPLUS MOVE"),
        *selected(),
        Expect("UID MOVE 4,6 .+"),
        Send(lie * times + b"{tag} OK\r\n"),
    ]
    async with scripted(*script) as server:
        session = await joined(server)
        await session.select(INBOX)
        async with asyncio.timeout(5):
            assert await session.move(UidSet.of([4, 6]), ARCHIVE) is None


async def test_a_copy_that_tells_only_some_new_uids_still_moves_the_rest(joined: Joiner) -> None:
    """Without MOVE; the second command's COPYUID is missing, as where all it named had gone."""
    uids = UidSet.of(range(2, 2 + 2 * 300, 2))
    first, second = uids.chunks()
    old, new = str(first).encode(), b"%d:%d" % (1000, 999 + len(first))
    script: list[Step] = [
        *signed_in("IMAP4rev1 UIDPLUS"),
        *selected(),
        Expect(f"UID COPY {first} .+"),
        Send(b"{tag} OK [COPYUID 3 " + old + b" " + new + b"] copied\r\n"),
        Expect(f"UID COPY {second} .+"),
        Send(b"{tag} OK copied\r\n"),
    ]
    for verb in (r"UID STORE {} \+FLAGS.SILENT \(\\Deleted\)", "UID EXPUNGE {}"):
        for chunk in (first, second):
            script += [Expect(verb.format(chunk)), Send(b"{tag} OK\r\n")]
    async with scripted(*script) as server:
        session = await joined(server)
        await session.select(INBOX)
        result = await session.move(uids, ARCHIVE)
        assert result is not None
        assert set(result.mapping) == set(first)


async def endless() -> AsyncIterator[bytes]:
    for _ in range(64):
        yield bytes(1 << 20)


async def test_a_server_that_refuses_a_literal_and_reads_no_further_has_its_deadline(joined: Joiner) -> None:
    stuck = Meet()
    script = [
        *signed_in("IMAP4rev1 LITERAL+"),
        Expect("APPEND .+"),
        Send(b"{tag} NO [OVERQUOTA] full\r\n"),
        stuck,
        Close(reset=True),
    ]
    async with scripted(*script) as server:
        session = await joined(server, deadlines=Deadlines(command=0.3))
        async with asyncio.timeout(4):
            with pytest.raises((Refused, DeadlinePassed)):
                await session.append(INBOX, 64 << 20, endless())
        assert not session.alive
        await stuck.go()


async def test_a_mailbox_is_left_although_nobody_waited_for_that(joined: Joiner) -> None:
    """Else the next one to have the session would give commands that are not possible any more."""
    slow = Meet()
    script = [*signed_in("IMAP4rev1 UNSELECT"), *selected(), Expect("UNSELECT"), slow]
    async with scripted(*script, Send(b"{tag} OK left\r\n"), *selected()) as server:
        session = await joined(server)
        await session.select(INBOX, readonly=True)
        leaving = asyncio.create_task(session.unselect())
        async with asyncio.timeout(4):
            await slow.reached.wait()
        leaving.cancel()
        await asyncio.wait((leaving,))
        await slow.go()
        assert await session.settle()
        await session.unselect()
        await session.select(INBOX, readonly=True)


async def test_a_server_that_only_says_it_is_still_there_does_not_sign_in_for_ever() -> None:
    ended = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        with suppress(ConnectionError):
            await reader.readline()
            while not reader.at_eof():
                writer.write(b"* OK still here\r\n")
                await writer.drain()
                await asyncio.sleep(0.05)  # within the deadline of a silence
        writer.close()
        ended.set()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with server, asyncio.timeout(4):
        endpoint = Endpoint("127.0.0.1", server.sockets[0].getsockname()[1], "none")
        with pytest.raises(DeadlinePassed):
            await Session.open(endpoint, ALICE, deadlines=Deadlines(connect=0.1, greeting=0.1, command=0.2))
        await ended.wait()
