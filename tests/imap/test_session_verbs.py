"""The verbs, on a real server and without each extension, and on scripted servers where theirs must misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime

import pytest

from gateway.errors import (
    ConnectionLost,
    DeadlinePassed,
    InvalidRequest,
    LocalError,
    NotFound,
    ProtocolViolation,
    Refused,
    TooLarge,
    Unprocessable,
)
from gateway.imap.credential import Password
from gateway.imap.encode.arg import ListPattern
from gateway.imap.encode.fetch_item import Item, Section
from gateway.imap.encode.search_key import Match, Plain
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.tls import TlsContexts
from gateway.imap.uids import UidSet
from gateway.secret import Secret
from tests.imap.conftest import DEADLINES, Joiner, Opener
from tests.imap.scripted import Close, Eof, Expect, Meet, Octets, Send, Step, scripted, selected, signed_in
from tests.servers.cyrus import Cyrus
from tests.servers.dovecot import Dovecot

INBOX = MailboxName(b"INBOX")
OTHER = MailboxName(b"Other")
ONE = UidSet.of([1])
SMALL = b"Subject: small\r\n\r\nbody\r\n"
NONE = "SASL-IR LITERAL+ UIDPLUS MOVE ESEARCH LIST-STATUS LIST-EXTENDED SPECIAL-USE NAMESPACE UNSELECT IDLE ENABLE"
BARE = f"{NONE} CONDSTORE QRESYNC ID"


async def fill(session: Session, count: int) -> None:
    for number in range(1, count + 1):
        octets = b"Subject: s%d\r\n\r\nbody %d\r\n" % (number, number)
        await session.append(INBOX, len(octets), octets)
    await session.select(INBOX)


async def uids_of(session: Session) -> set[int]:
    return set((await session.search(Plain.ALL)).uids or ())


# --- one suite for several servers, with all extensions and with none ---


@pytest.fixture(params=["dovecot", "cyrus"])
def server(request: pytest.FixtureRequest) -> Dovecot | Cyrus:
    chosen: Dovecot | Cyrus = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
async def again(server: Dovecot | Cyrus, contexts: TlsContexts) -> AsyncIterator[Opener]:
    """Opens sessions of one account of its own."""
    user, password = server.guest()
    endpoint = Endpoint(server.host, server.tls_port, "implicit", str(server.ca_file))
    async with AsyncExitStack() as stack:

        async def open_one(ignore: str = "") -> Session:
            session = await Session.open(
                endpoint,
                Password(user, Secret(password)),
                deadlines=DEADLINES,
                ignore=frozenset(ignore.split()),
                tls=contexts,
            )
            stack.callback(session.abort)
            return session

        yield open_one


@pytest.fixture(params=["", BARE], ids=["everything", "nothing"])
async def either(request: pytest.FixtureRequest, again: Opener) -> Session:
    return await again(request.param)


async def test_append_copy_and_expunge(either: Session) -> None:
    await either.create(OTHER)
    await fill(either, 3)
    await either.copy(UidSet.span(1, 2), OTHER)
    await either.store(ONE, add=[b"\\Deleted"])
    await either.expunge(ONE)
    assert await uids_of(either) == {2, 3}
    assert (await either.status(OTHER, ["MESSAGES"])).values["MESSAGES"] == 2


async def test_move(either: Session) -> None:
    await either.create(OTHER)
    await fill(either, 3)
    await either.move(UidSet.span(2, 3), OTHER)
    assert await uids_of(either) == {1}
    await either.select(OTHER)
    assert await uids_of(either) == {1, 2}


async def test_append_keeps_flags_and_date(either: Session) -> None:
    date = datetime(2020, 2, 29, 12, 0, tzinfo=UTC)
    octets = b"Subject: x\r\n\r\n\xff\xfe\r\n"
    await either.append(INBOX, len(octets), octets, flags=[b"\\Seen", b"Work"], internaldate=date)
    await either.select(INBOX)
    message = (await either.fetch(ONE, [Item.FLAGS, Item.INTERNALDATE, Section()])).messages[1]
    assert {b"\\Seen", b"Work"} <= set(message.flags or ())
    assert message.internaldate == date
    assert message.sections[Section().key] == octets


async def test_append_to_nowhere(either: Session) -> None:
    with pytest.raises(Refused) as refused:
        await either.append(MailboxName(b"Nowhere"), 3, b"abc")
    assert refused.value.imap_code == "TRYCREATE"


async def test_store_adds_removes_and_replaces(either: Session) -> None:
    await fill(either, 1)

    async def flags() -> set[bytes]:
        return set((await either.fetch(ONE, [Item.FLAGS])).messages[1].flags or ()) - {b"\\Recent"}

    await either.store(ONE, add=[b"\\Seen", b"a"])
    assert await flags() == {b"\\Seen", b"a"}
    await either.store(ONE, add=[b"b"], remove=[b"a"])
    assert await flags() == {b"\\Seen", b"b"}
    await either.store(ONE, replace=[])
    assert await flags() == set()
    with pytest.raises(LocalError):
        await either.store(ONE, replace=[], add=[b"x"])


async def test_search(either: Session) -> None:
    await fill(either, 12)
    found = await either.search(Match("SUBJECT", "s1"), ret=("ALL", "COUNT", "MIN", "MAX"))
    assert (found.uids, found.count, found.min, found.max) == (UidSet.of([1, 10, 11, 12]), 4, 1, 12)
    nothing = await either.search(Match("SUBJECT", "grün"))
    assert (nothing.uids, nothing.count, nothing.min) == (UidSet(), 0, None)


async def test_list_with_status_and_subscriptions(either: Session) -> None:
    await fill(either, 2)
    await either.create(MailboxName(b"Deep/er"))
    await either.subscribe(MailboxName(b"Deep/er"))
    await either.unsubscribe(INBOX)
    found = {each.listed.name.wire: each for each in await either.list(status=("MESSAGES", "UIDNEXT", "SIZE"))}
    status = found[b"INBOX"].status
    assert status is not None
    assert status.values["MESSAGES"] == 2
    assert found[b"Deep/er"].subscribed
    assert not found[b"INBOX"].subscribed
    deep = found[b"Deep"]  # Cyrus makes parents, Dovecot shows them
    assert deep.selectable == (deep.status is not None)
    only = await either.list(subscribed_only=True)
    assert b"Deep/er" in {each.listed.name.wire for each in only}
    assert all(each.subscribed for each in only)
    assert [each.listed.name for each in await either.list(ListPattern.exact(INBOX))] == [INBOX]


async def test_folders_are_made_renamed_and_deleted(either: Session) -> None:
    await either.create(OTHER)
    await either.rename(OTHER, MailboxName(b"New"))
    with pytest.raises(Refused) as refused:
        await either.create(MailboxName(b"New"))
    assert refused.value.imap_code == "ALREADYEXISTS"
    await either.select(MailboxName(b"New"))
    with pytest.raises(LocalError):
        await either.delete(MailboxName(b"New"))
    await either.unselect()
    await either.delete(MailboxName(b"New"))
    with pytest.raises(Refused) as refused:
        await either.status(MailboxName(b"New"), ["MESSAGES"])
    assert refused.value.imap_code == "NONEXISTENT"


async def test_namespace(either: Session) -> None:
    assert (await either.namespace()).personal == ((b"", "/"),)


async def test_unselect_expunges_nothing(either: Session) -> None:
    await fill(either, 1)
    await either.store(ONE, add=[b"\\Deleted"])
    await either.unselect()
    assert either.mailbox is None
    await either.select(INBOX)
    assert await uids_of(either) == {1}


async def test_select_again_is_no_round_trip(either: Session) -> None:
    await fill(either, 1)
    before = either.bytes_out
    mailbox = await either.select(INBOX, readonly=True)
    assert await either.select(INBOX) is mailbox
    assert either.bytes_out == before
    await either.select(INBOX, again=True)
    assert either.bytes_out > before


async def test_select_of_what_is_not_there(either: Session) -> None:
    await either.select(INBOX)
    with pytest.raises(Refused) as refused:
        await either.select(MailboxName(b"Nope"))
    assert refused.value.imap_code == "NONEXISTENT"
    assert either.mailbox is None
    await either.select(INBOX)


async def test_a_push_wakes_who_waits(either: Session, again: Opener) -> None:
    await either.select(INBOX)
    other = await again()
    async with either.idle(poll=0.05) as pushes:
        assert not await pushes.wait(0.05)
        await other.append(INBOX, len(SMALL), SMALL)
        assert await pushes.wait(5)
    assert either.mailbox is not None
    assert either.mailbox.exists == 1
    await either.noop()


async def test_news_from_before_idle_counts(either: Session, again: Opener) -> None:
    await either.select(INBOX)
    other = await again()
    await other.append(INBOX, len(SMALL), SMALL)
    await either.noop()
    async with either.idle() as pushes:
        assert await pushes.wait(5)


async def test_an_expunged_body_is_the_real_one_or_none(either: Session, again: Opener) -> None:
    """Dovecot says ``BODY[TEXT] NIL``, or nothing, and EXPUNGEISSUED; Cyrus gives the body."""
    other = await again()
    await fill(either, 2)
    await other.select(INBOX)
    await other.store(ONE, add=[b"\\Deleted"])
    await other.expunge(ONE)
    for section in (Section(), Section(text="TEXT"), Section("1")):
        with suppress(NotFound):
            got = await either.fetch_sections(1, [section])
            assert got[section.key].endswith(b"body 1\r\n")
        with suppress(NotFound):
            async with either.stream(1, section) as octets:
                assert b"".join([chunk async for chunk in octets]).endswith(b"body 1\r\n")


# --- with what only some servers have ---


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


# --- servers that misbehave ---


@pytest.mark.parametrize(
    "answer",
    [
        b"* 1 FETCH (UID 1 BODY[TEXT] NIL)\r\n{tag} OK [EXPUNGEISSUED] gone\r\n",
        b"* 1 FETCH (UID 1 BODY[TEXT] {0}\r\n)\r\n{tag} OK [EXPUNGEISSUED] gone\r\n",
        b"* 1 FETCH (UID 1 BODY[TEXT] NIL)\r\n{tag} OK done\r\n",
        b"{tag} OK done\r\n",
        b"* 1 FETCH (UID 2 BODY[TEXT] {1}\r\nx)\r\n{tag} OK done\r\n",
    ],
)
async def test_no_body_is_never_an_empty_one(joined: Joiner, answer: bytes) -> None:
    script = [*signed_in(), *selected(), Expect("UID FETCH .+"), Send(answer), Expect("UID FETCH .+"), Send(answer)]
    async with scripted(*script) as server:
        session = await joined(server)
        await session.select(INBOX)
        with pytest.raises(NotFound):
            await session.fetch_sections(1, [Section(text="TEXT")])
        with pytest.raises(NotFound):
            async with session.stream(1, Section(text="TEXT")):
                pytest.fail("there is none")
        assert session.clean


async def test_an_empty_body_is_an_empty_one(joined: Joiner) -> None:
    answer = Send(b'* 1 FETCH (UID 1 BODY[TEXT] "")\r\n{tag} OK done\r\n')
    async with scripted(*signed_in(), *selected(), Expect("UID FETCH .+"), answer) as server:
        session = await joined(server)
        await session.select(INBOX)
        async with session.stream(1, Section(text="TEXT")) as octets:
            assert octets.size == 0
            assert [chunk async for chunk in octets] == []


LARGE = b"x" * 100_000


async def drink(session: Session, into: bytearray) -> None:
    async with session.stream(1, Section()) as octets:
        async for chunk in octets:
            into += chunk


@pytest.mark.parametrize(
    "before", [b"UID 1 ", b"", b"FLAGS (\\Seen) UID 1 MODSEQ (7) "], ids=["uid", "uid-last", "more"]
)
async def test_a_large_literal_streams_wherever_the_uid_stands(joined: Joiner, before: bytes) -> None:
    after = b"" if b"UID" in before else b" UID 1"
    answer = Send(b"* 1 FETCH (" + before + b"BODY[] {100000}\r\n" + LARGE + after + b")\r\n{tag} OK\r\n")
    async with scripted(*signed_in(), *selected(), Expect("UID FETCH .+"), answer) as server:
        session = await joined(server)
        await session.select(INBOX)
        async with session.stream(1, Section()) as octets:
            assert b"".join([chunk async for chunk in octets]) == LARGE


async def test_the_large_literal_of_another_message_is_a_violation(joined: Joiner) -> None:
    answer = Send(b"* 1 FETCH (BODY[] {100000}\r\n" + LARGE + b" UID 2)\r\n{tag} OK\r\n")
    async with scripted(*signed_in(), *selected(), Expect("UID FETCH .+"), answer, Eof()) as server:
        session = await joined(server)
        await session.select(INBOX)
        with pytest.raises(ProtocolViolation):
            await drink(session, bytearray())
        assert not session.alive
        await server.finished.wait()


async def test_a_stream_that_is_cut_raises_before_its_end(joined: Joiner) -> None:
    answer = Send(b"* 1 FETCH (UID 1 BODY[] {100000}\r\n" + LARGE[:90_000])
    async with scripted(*signed_in(), *selected(), Expect("UID FETCH .+"), answer, Close()) as server:
        session = await joined(server)
        await session.select(INBOX)
        got = bytearray()
        with pytest.raises(ConnectionLost):
            await drink(session, got)
        assert got == LARGE[:90_000]


@pytest.mark.parametrize(
    "junk", [b"* 1 FETCH (UID 1 FLAGS\r\n", b"* LIST (\r\n", b"XYZ99 OK what\r\n", b"\x00\x01\r\n"]
)
async def test_a_malformed_response_ends_this_connection_only(joined: Joiner, junk: bytes) -> None:
    async with scripted(*signed_in(), *selected(), Expect("NOOP"), Send(junk), Send(b"{tag} OK\r\n")) as server:
        session = await joined(server)
        await session.select(INBOX)
        try:
            await session.noop()
        except ProtocolViolation:
            assert not session.alive
        else:
            assert junk.startswith(b"* 1 FETCH")  # an unreadable FETCH costs only itself


async def test_a_silent_server_is_given_up(joined: Joiner) -> None:
    async with scripted(*signed_in(), *selected(), Expect("UID FETCH .+"), Eof()) as server:
        session = await joined(server, deadlines=Deadlines(command=0.3))
        await session.select(INBOX)
        with pytest.raises(DeadlinePassed):
            await session.fetch(ONE, [Item.FLAGS])
        assert not session.alive
        await server.finished.wait()


async def test_idle_may_be_silent_but_its_end_may_not(joined: Joiner) -> None:
    script = [*signed_in("IMAP4rev1 IDLE"), *selected(), Expect("IDLE"), Send(b"+ \r\n"), Expect("DONE", tagless=True)]
    async with scripted(*script, Eof()) as server:
        session = await joined(server, deadlines=Deadlines(command=0.2))
        await session.select(INBOX)
        answers: list[bool] = []

        async def watch() -> None:
            async with session.idle() as pushes:
                answers.append(await pushes.wait(0.5))

        with pytest.raises(DeadlinePassed):
            await watch()
        assert answers == [False]
        await server.finished.wait()


async def test_a_refused_idle(joined: Joiner) -> None:
    script = [*signed_in("IMAP4rev1 IDLE"), *selected(), Expect("IDLE"), Send(b"{tag} NO not here\r\n")]
    async with scripted(*script) as server:
        session = await joined(server)
        await session.select(INBOX)
        with pytest.raises(Refused):
            async with session.idle():
                pytest.fail("it did not begin")
        assert session.clean


async def test_a_bare_no_to_select_is_explained_by_list(joined: Joiner) -> None:
    select: list[Step] = [Expect("SELECT .+"), Send(b"{tag} NO can't\r\n"), Expect('LIST "" "?Nope"?')]
    missing = [*select, Send(b"{tag} OK\r\n")]
    there = [*select, Send(b'* LIST () "/" Nope\r\n{tag} OK\r\n')]
    async with scripted(*signed_in(), *missing, *there) as server:
        session = await joined(server)
        for code in ("NONEXISTENT", None):
            with pytest.raises(Refused) as refused:
                await session.select(MailboxName(b"Nope"))
            assert refused.value.imap_code == code


async def test_what_is_said_before_closed_is_of_the_mailbox_before(joined: Joiner) -> None:
    script = [
        *signed_in("IMAP4rev1 CONDSTORE"),
        *selected(),
        Expect("SELECT .+"),
        Send(b"* 99 EXISTS\r\n* OK [UIDVALIDITY 99] x\r\n* OK [CLOSED] x\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 8] x\r\n"),
        Send(b"{tag} OK [READ-WRITE] x\r\n"),
    ]
    async with scripted(*script) as server:
        session = await joined(server)
        first = await session.select(INBOX)
        second = await session.select(OTHER)
        assert (second.exists, second.uidvalidity, second.highestmodseq) == (1, 8, None)
        assert first.exists == 3


# --- literals on their way out ---


async def chunks(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def test_a_synchronising_literal_waits_for_the_server(joined: Joiner) -> None:
    meet = Meet()
    script = [
        *signed_in(),
        Expect(r'APPEND "?INBOX"? \{6\}', as_="append"),
        meet,
        Send(b"+ go\r\n"),
        Octets(b"abcdef\r\n"),
        Send(b"{append} OK [APPENDUID 7 12] done\r\n"),
    ]
    async with scripted(*script) as server:
        session = await joined(server)
        append = asyncio.ensure_future(session.append(INBOX, 6, chunks(b"abc", b"", b"def")))
        await meet.go()
        result = await append
        assert result is not None
        assert (result.uidvalidity, result.uid) == (7, 12)


async def test_a_refused_literal_is_not_sent(joined: Joiner) -> None:
    script = [
        *signed_in(),
        Expect("APPEND .+"),
        Send(b"{tag} NO [OVERQUOTA] full\r\n"),
        Expect("NOOP"),
        Send(b"{tag} OK\r\n"),
    ]
    async with scripted(*script) as server:
        session = await joined(server)
        with pytest.raises(Refused) as refused:
            await session.append(INBOX, 6, chunks(b"abcdef"))
        assert refused.value.answer().status == 507
        await session.noop()


@pytest.mark.parametrize(
    ("capability", "size", "mark"), [("LITERAL+", 9000, r"\+"), ("LITERAL-", 4096, r"\+"), ("LITERAL-", 4097, "")]
)
async def test_non_synchronising_literals(joined: Joiner, capability: str, size: int, mark: str) -> None:
    octets = b"x" * size
    script: list[Step] = [
        *signed_in(f"IMAP4rev1 {capability}"),
        Expect(rf"APPEND .+ \{{{size}{mark}\}}"),
    ]
    script += [] if mark else [Send(b"+ go\r\n")]
    async with scripted(*script, Octets(octets + b"\r\n"), Send(b"{tag} OK\r\n")) as server:
        session = await joined(server)
        assert await session.append(INBOX, size, chunks(octets)) is None


@pytest.mark.parametrize("pieces", [(b"abc",), (b"abcdef", b"g"), (b"abcdefg",), ()])
@pytest.mark.parametrize("capability", ["IMAP4rev1", "IMAP4rev1 LITERAL+"])
async def test_a_source_of_another_size_stores_nothing(
    joined: Joiner, pieces: tuple[bytes, ...], capability: str
) -> None:
    script: list[Step] = [*signed_in(capability), Expect("APPEND .+")]
    script += [] if "+" in capability else [Send(b"+ go\r\n")]
    async with scripted(*script) as server:
        session = await joined(server)
        with pytest.raises(InvalidRequest):
            await session.append(INBOX, 6, chunks(*pieces))
        assert not session.alive


async def test_a_source_that_fails_ends_the_connection(joined: Joiner) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"abc"
        raise OSError("the client left")

    async with scripted(*signed_in("IMAP4rev1 LITERAL+"), Expect("APPEND .+")) as server:
        session = await joined(server)
        with pytest.raises(OSError, match="the client left"):
            await session.append(INBOX, 6, broken())
        assert not session.alive


async def test_a_loss_ends_an_upload_whose_source_is_slow(joined: Joiner) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"abc"
        await asyncio.Event().wait()

    async with scripted(*signed_in("IMAP4rev1 LITERAL+"), Expect("APPEND .+"), Send(b"* BYE bye\r\n")) as server:
        session = await joined(server)
        with pytest.raises(ConnectionLost) as lost:
            await asyncio.wait_for(session.append(INBOX, 6, slow()), 5)
        assert (lost.value.bye, lost.value.maybe_done) == ("bye", True)


async def test_an_upload_cancelled_half_way_ends_the_connection(joined: Joiner) -> None:
    begun = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"abc"
        yield b"de"
        begun.set()
        await asyncio.Event().wait()

    async with scripted(*signed_in("IMAP4rev1 LITERAL+"), Expect("APPEND .+")) as server:
        session = await joined(server)
        append = asyncio.ensure_future(session.append(INBOX, 6, slow()))
        await begun.wait()
        append.cancel()
        with pytest.raises(asyncio.CancelledError):
            await append
        assert not session.alive
        assert not await session.settle()


async def test_a_message_over_the_limit_is_not_sent(joined: Joiner) -> None:
    async with scripted(*signed_in("IMAP4rev1 APPENDLIMIT=100"), Eof()) as server:
        session = await joined(server)
        before = session.bytes_out
        with pytest.raises(TooLarge):
            await session.append(INBOX, 101, b"x" * 101)
        assert session.bytes_out == before
        session.abort()
        await server.finished.wait()


async def test_logout_says_good_bye_and_survives_one(joined: Joiner, session: Session, dovecot: Dovecot) -> None:
    await session.logout()
    assert not session.alive
    script = [*signed_in(), Expect("LOGOUT"), Send(b"* BYE bye\r\n{tag} OK\r\n"), Eof()]
    async with scripted(*script) as server:
        other = await joined(server)
        await other.logout()
        assert not other.alive
        await server.finished.wait()
