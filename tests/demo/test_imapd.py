"""The embedded mail server, driven by the gateway's own session and, raw, by a client that misbehaves."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.errors import SignInRefused, TlsFailed
from gateway.imap.credential import Password
from gateway.imap.encode.fetch_item import Item, Section
from gateway.imap.encode.search_key import Match
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from gateway.secret import Secret

from .conftest import PASSWORD, USER, Embedded

INBOX = MailboxName(b"INBOX")


@asynccontextmanager
async def session(embedded: Embedded) -> AsyncIterator[Session]:
    opened = await Session.open(embedded.endpoint, Password(USER, PASSWORD), deadlines=Deadlines())
    try:
        yield opened
    finally:
        await opened.logout()


async def test_it_offers_what_the_gateway_is_best_with(embedded: Embedded) -> None:
    async with session(embedded) as ours:
        assert ours.capabilities.sync_mode() == "qresync"
        assert all(ours.capabilities.has(name) for name in ("IDLE", "UIDPLUS", "MOVE", "LIST-STATUS", "SPECIAL-USE"))


async def test_a_wrong_password_is_refused(embedded: Embedded) -> None:
    with pytest.raises(SignInRefused):
        await Session.open(embedded.endpoint, Password(USER, Secret("another")), deadlines=Deadlines())


async def test_its_certificate_is_good_for_its_own_authority_only(embedded: Embedded) -> None:
    unknown = Endpoint("127.0.0.1", embedded.endpoint.port, "implicit", None)
    with pytest.raises(TlsFailed):
        await Session.open(unknown, Password(USER, PASSWORD), deadlines=Deadlines())


async def test_a_message_told_to_an_idle_session_the_moment_it_arrives(embedded: Embedded) -> None:
    async with session(embedded) as watching, session(embedded) as writing:
        mailbox = await watching.select(INBOX)
        before = mailbox.exists
        async with watching.idle() as pushes:
            stored = await writing.append(INBOX, 17, b"Subject: new\r\n\r\nx")
            assert await pushes.wait(5)
        assert stored is not None
        assert mailbox.exists == before + 1


async def test_flags_of_one_session_are_told_to_the_other(embedded: Embedded) -> None:
    async with session(embedded) as watching, session(embedded) as writing:
        await watching.select(INBOX)
        await writing.select(INBOX)
        async with watching.idle() as pushes:
            stored = await writing.store(UidSet.of([1]), add=[b"\\Flagged"])
            assert await pushes.wait(5)
        told = (await watching.fetch(UidSet.of([1]), [Item.UID, Item.FLAGS])).messages[1]
        assert b"\\Flagged" in (stored.messages[1].flags or ())
        assert b"\\Flagged" in (told.flags or ())


async def test_what_changed_and_what_vanished_since_a_state(embedded: Embedded) -> None:
    async with session(embedded) as ours:
        mailbox = await ours.select(INBOX)
        since = mailbox.highestmodseq
        await ours.store(UidSet.of([2]), add=[b"$later"])
        moved = await ours.move(UidSet.of([1]), MailboxName(b"Archive"))
        found = await ours.fetch(UidSet.from_(1), [Item.UID, Item.FLAGS], changed_since=since, vanished=True)

    assert moved is not None
    assert list(found.messages) == [2]
    assert found.vanished == UidSet.of([1])


async def test_an_unchanged_since_that_fails_changes_nothing(embedded: Embedded) -> None:
    async with session(embedded) as ours:
        mailbox = await ours.select(INBOX)
        since = mailbox.highestmodseq
        await ours.store(UidSet.of([2]), add=[b"\\Flagged"])
        result = await ours.store(UidSet.of([2, 3]), add=[b"$x"], unchanged_since=since)

    assert result.modified == UidSet.of([2])
    assert b"$x" in embedded.store.folders[b"INBOX"].messages[2].flags
    assert b"$x" not in embedded.store.folders[b"INBOX"].messages[1].flags


async def test_search_reads_encoded_words_and_other_scripts(embedded: Embedded) -> None:
    async with session(embedded) as ours:
        await ours.select(INBOX)
        found = await ours.search(Match("TEXT", "灯台"))
        uids = list(found.uids or ())
        subject = (await ours.fetch(UidSet.of(uids), [Item.UID, Item.ENVELOPE])).messages[uids[0]].envelope

    assert len(uids) == 1
    assert subject is not None
    assert subject.subject is not None
    assert subject.subject.startswith(b"=?utf-8?")


async def test_the_structure_of_every_sample_agrees_with_its_octets(embedded: Embedded) -> None:
    async with session(embedded) as ours:
        for folder in embedded.store.folders.values():
            await ours.select(MailboxName(folder.name), readonly=True)
            whole = UidSet.of([message.uid for message in folder.messages][:40])
            described = await ours.fetch(whole, [Item.UID, Item.BODYSTRUCTURE])
            for uid in whole:
                waiting = [described.messages[uid].structure]
                while waiting:
                    part = waiting.pop()
                    assert part is not None
                    waiting += part.parts
                    if not part.parts:
                        piece = Section(part.section)
                        fetched = (await ours.fetch(UidSet.of([uid]), [Item.UID, piece])).messages[uid]
                        octets = next(iter(fetched.sections.values()))
                        assert isinstance(octets, bytes)
                        assert len(octets) == part.size


async def test_folders_are_made_renamed_and_deleted(embedded: Embedded) -> None:
    async with session(embedded) as ours:
        await ours.create(MailboxName(b"One"))
        await ours.create(MailboxName(b"One/Two"))
        await ours.rename(MailboxName(b"One"), MailboxName(b"Three"))
        names = {each.listed.name.wire for each in await ours.list()}
        await ours.delete(MailboxName(b"Three/Two"))

    assert {b"Three", b"Three/Two"} <= names
    assert b"One" not in names
    assert b"Three/Two" not in embedded.store.folders


@pytest.mark.parametrize(
    "line",
    [
        b"a SELECT INBOX",
        b"a FETCH 1 (FLAGS)",
        b"a",
        b"",
        b"a LOGIN",
        b"a LOGIN (a) b",
        b'a LOGIN "a',
        b"a AUTHENTICATE",
        b"a AUTHENTICATE PLAIN ****",
        b"a )(",
        b"\xff\xfe\x00",
    ],
)
async def test_nonsense_before_sign_in_is_answered_bad_or_no(embedded: Embedded, line: bytes) -> None:
    assert (await talk(embedded, line)).split(b" ")[1] in {b"BAD", b"NO"}


@pytest.mark.parametrize(
    "line",
    [
        b"a FETCH",
        b"a FETCH 1",
        b"a FETCH x FLAGS",
        b"a UID FETCH 1 (NOTHING)",
        b"a UID FETCH 1 (BODY[1.2.3.4.5.HEADER.FIELDS (])",
        b"a STORE 1 FLAGS",
        b"a SEARCH OR",
        b"a SEARCH SINCE tomorrow",
        b"a SEARCH CHARSET KOI8-R ALL",
        b"a SEARCH MODSEQ x",
        b"a UID",
        b"a UID EXPUNGE",
        b"a SELECT nowhere",
        b"a LIST",
        b"a STATUS INBOX (X)",
        b"a APPEND INBOX",
        b"a RENAME INBOX",
        b"a NOTHING",
    ],
)
async def test_nonsense_after_sign_in_is_answered_bad_or_no_and_the_next_command_works(
    embedded: Embedded, line: bytes
) -> None:
    reader, writer = await connected(embedded)
    writer.write(b'l LOGIN "%b" "%b"\r\ns SELECT INBOX\r\n' % (USER.encode(), PASSWORD.reveal().encode()))
    while not (await reader.readline()).startswith(b"s OK"):
        pass
    writer.write(line + b"\r\nz NOOP\r\n")
    answers = [await reader.readline()]
    while not answers[-1].startswith(b"z "):
        answers.append(await reader.readline())
    writer.close()

    assert answers[-1].startswith(b"z OK")
    assert any(answer.split(b" ")[1] in {b"BAD", b"NO"} for answer in answers)


async def test_a_literal_beyond_all_bounds_ends_the_connection(embedded: Embedded) -> None:
    reader, writer = await connected(embedded)
    writer.write(b"a LOGIN {4000000000}\r\n")
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()


async def connected(embedded: Embedded) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    trust = ssl.create_default_context(cafile=embedded.endpoint.ca_file)
    reader, writer = await asyncio.open_connection("127.0.0.1", embedded.endpoint.port, ssl=trust)
    assert (await reader.readline()).startswith(b"* OK")
    return reader, writer


async def talk(embedded: Embedded, line: bytes) -> bytes:
    reader, writer = await connected(embedded)
    writer.write(line + b"\r\n")
    answer = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    return answer
