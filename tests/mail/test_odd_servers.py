"""The verbs on servers that tell less, later or more than they should: nothing is missed, repeated or hoarded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from gateway.errors import NotFound, ProtocolViolation, Refused, WriteInDoubt
from gateway.imap.encode.fetch_item import Section
from gateway.imap.encode.search_key import Plain
from gateway.imap.endpoint import Deadlines
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.mail.changes import changes_between
from gateway.mail.desk import Desk
from gateway.mail.flags import get_flags
from gateway.mail.folders import create_folder, patch_folder
from gateway.mail.hose import HELD, WINDOW, Hose, Octets, octets
from gateway.mail.messages import page
from gateway.mail.query import PageQuery
from gateway.mail.request import FolderCreate, FolderPatch
from gateway.mail.snapshot import opened as mailbox_of
from gateway.mail.snapshot import state_of, sync_mode
from gateway.mail.window import count_below, matching
from gateway.sync.ids import MessageId, folder_id
from gateway.sync.state import FolderState
from tests.imap.scripted import Close, Expect, Meet, Scripted, Send, Step, scripted, selected, signed_in

from .desks import ALICE, a_desk, account, asked

Joiner = Callable[[Scripted], Awaitable[Session]]
INBOX = MailboxName(b"INBOX")
CONDSTORE = "IMAP4rev1 CONDSTORE"
NO_MODSEQ = b"* OK [NOMODSEQ] none here\r\n"


@pytest.fixture
async def opened() -> AsyncIterator[Joiner]:
    async with AsyncExitStack() as stack:

        async def open_one(server: Scripted) -> Session:
            session = await Session.open(server.endpoint, ALICE, deadlines=Deadlines())
            stack.callback(session.abort)
            await session.select(INBOX, readonly=True)
            return session

        yield open_one


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with a_desk() as made:
        yield made


async def test_a_page_is_not_unchanged_because_highestmodseq_without_condstore_stands_still(desk: Desk) -> None:
    def listed(flags: bytes) -> list[Step]:
        return [
            *asked("NOOP", b""),
            *asked("UID SEARCH 1", b"* SEARCH 9\r\n"),
            *asked("UID FETCH 1:9 .+", b"* 1 FETCH (UID 9 RFC822.SIZE 5 FLAGS (" + flags + b"))\r\n"),
        ]

    opening = selected(exists=1, more=b"* OK [HIGHESTMODSEQ 5] says who\r\n")
    script = [*signed_in(), *opening, *listed(b""), *listed(b"\\Seen"), *asked("LOGOUT", b"* BYE\r\n")]
    async with scripted(*script) as server:
        first = await page(desk, account(server), "inbox", PageQuery())
        again = await page(desk, account(server), "inbox", PageQuery(if_none_match=frozenset([first.etag])))
        assert again.value is not None
        assert again.value.messages[0].flags == ["$seen"]
        await desk.pool.close(1)


async def test_a_mailbox_without_mod_sequences_is_not_asked_for_them(desk: Desk) -> None:
    """RFC 7162 section 3.1.2.2: the server would answer BAD."""
    script = [
        *signed_in(CONDSTORE),
        *selected(more=NO_MODSEQ),
        *asked(r"UID FETCH 9 \(UID FLAGS\)", b"* 1 FETCH (UID 9 FLAGS (\\Seen))\r\n"),
        *asked("LOGOUT", b"* BYE\r\n"),
    ]
    async with scripted(*script) as server:
        got = await get_flags(desk, account(server), MessageId(b"INBOX", 7, 9).encode())
        assert got.value is not None
        assert got.value.flags == ["$seen"]
        await desk.pool.close(1)


async def test_a_folder_that_goes_just_after_it_was_opened_is_none(desk: Desk) -> None:
    """Cyrus refuses the next command in it without a code."""
    script = [
        *signed_in(),
        *selected("Gone"),
        Expect("UID FETCH 9 .+"),
        Send(b"{tag} NO Mailbox does not exist\r\n"),
        Expect('EXAMINE "?Gone"?'),
        Send(b"{tag} NO Mailbox does not exist\r\n"),
        *asked("LIST .+", b""),
        *asked("LOGOUT", b"* BYE\r\n"),
    ]
    async with scripted(*script) as server:
        with pytest.raises(NotFound):
            await get_flags(desk, account(server), MessageId(b"Gone", 7, 9).encode())
        await desk.pool.close(1)


async def test_a_folder_that_goes_while_its_changes_are_told_has_not_lost_its_messages(opened: Joiner) -> None:
    """Cyrus takes all of them out of one that is renamed: who was told so would miss them under its new name."""
    script = [
        *signed_in(),
        *selected(exists=1),
        *asked("UID SEARCH .+", b"* SEARCH 9\r\n"),
        *asked("UID SEARCH .+", b"* 1 EXPUNGE\r\n* SEARCH\r\n"),
        *asked("UID SEARCH .+", b"* SEARCH\r\n"),
        Expect("(EXAMINE|SELECT) .+"),
        Send(b"{tag} NO Mailbox does not exist\r\n"),
        *asked("LIST .+", b""),
    ]
    async with scripted(*script) as server:
        session = await opened(server)
        now = await state_of(session)
        with pytest.raises(Refused):
            await changes_between(session, INBOX, now, now, most=10)


async def test_changes_of_a_mailbox_without_mod_sequences_are_those_of_a_window(opened: Joiner) -> None:
    script = [
        *signed_in(CONDSTORE),
        *selected(exists=1, more=NO_MODSEQ),
        *asked("UID SEARCH 1", b"* SEARCH 9\r\n"),
        *asked("UID SEARCH 1", b"* SEARCH 9\r\n"),
        *asked(r"UID FETCH 9 \(UID FLAGS\)", b"* 1 FETCH (UID 9 FLAGS (\\Seen))\r\n"),
    ]
    async with scripted(*script) as server:
        session = await opened(server)
        now = await state_of(session)
        told = await changes_between(session, INBOX, now, now, most=10)
        assert (told.mode, [update.flags for update in told.updated]) == ("window", [["$seen"]])


@pytest.mark.parametrize(
    ("offered", "told"),
    [
        ("IMAP4rev1", b"* OK [HIGHESTMODSEQ 5] says who\r\n"),
        (CONDSTORE, b"* OK [HIGHESTMODSEQ 0] none yet\r\n"),
        (CONDSTORE, b""),
    ],
)
async def test_a_highestmodseq_that_means_nothing_is_in_no_state(opened: Joiner, offered: str, told: bytes) -> None:
    """One server shows it without CONDSTORE, and 0 is none: both modes are that of a window."""
    script = [*signed_in(offered), *selected(exists=1, more=told), *asked("UID SEARCH 1", b"* SEARCH 9\r\n")]
    async with scripted(*script) as server:
        session = await opened(server)
        state = await state_of(session)
        assert (sync_mode(session), state.highestmodseq) == ("window", 0)


async def test_a_change_beyond_highestmodseq_is_told(opened: Joiner) -> None:
    """Told once too often where it came this very moment; where HIGHESTMODSEQ lags it would never be told else."""
    script = [
        *signed_in(CONDSTORE),
        *selected(exists=1, more=b"* OK [HIGHESTMODSEQ 5] lags\r\n"),
        *asked(r"UID FETCH 1:9 .+CHANGEDSINCE 4.", b"* 1 FETCH (UID 9 FLAGS (\\Seen) MODSEQ (8))\r\n"),
    ]
    async with scripted(*script) as server:
        session = await opened(server)
        old, now = (FolderState(7, 10, modseq, 1, ((9, 1),)) for modseq in (4, 5))
        told = await changes_between(session, INBOX, old, now, most=10)
        assert [update.flags for update in told.updated] == [["$seen"]]


async def test_a_server_without_uidvalidity_still_shows_its_messages(desk: Desk) -> None:
    bare: list[Step] = [Expect('EXAMINE "?INBOX"?'), Send(b"* 1 EXISTS\r\n{tag} OK [READ-ONLY] in\r\n")]
    script = [
        *signed_in(),
        *bare,
        *asked("UID FETCH 9 .+", b"* 1 FETCH (UID 9 FLAGS ())\r\n"),
        *asked("LOGOUT", b"* BYE\r\n"),
    ]
    async with scripted(*script) as server:
        got = await get_flags(desk, account(server), MessageId(b"INBOX", 0, 9).encode())
        assert got.value is not None
        await desk.pool.close(1)


async def test_new_messages_are_not_skipped_by_an_expunge_while_they_are_counted(
    opened: Joiner,
) -> None:
    """UID SEARCH may be answered with EXPUNGE beside it, which moves all later message numbers."""
    uids = (2, 10, 11, 12)
    script = [
        *signed_in(),
        *selected(exists=5, uidnext=1000),
        *asked("UID SEARCH 1:5", b"* SEARCH 1 2 10 11 12\r\n"),
        *asked(r"UID FETCH 1:2,10:12 \(UID FLAGS\)", b""),
        *asked("UID SEARCH 1:5", b"* SEARCH 1 2 10 11 12\r\n* 1 EXPUNGE\r\n"),
        *asked("UID SEARCH 2:4", b"* SEARCH 10 11 12\r\n"),
        *asked("NOOP", b""),
        *asked("UID SEARCH 1:4", b"* SEARCH 2 10 11 12\r\n"),
        *asked("UID SEARCH 1:4", b"* SEARCH 2 10 11 12\r\n"),
        *asked(
            "UID FETCH 10:11 .+",
            b"".join(b"* %d FETCH (UID %d FLAGS ())\r\n" % (n, uid) for n, uid in enumerate(uids, 1) if 10 <= uid < 12),
        ),
    ]
    async with scripted(*script) as server:
        session = await opened(server)
        old, now = FolderState(7, 3, 0, 2, ((1, 1), (2, 2))), FolderState(7, 1000, 0, 5)
        told = await changes_between(session, INBOX, old, now, most=2)
        assert [MessageId.parse(new.id).uid for new in told.created] == [10, 11]
        assert FolderState.parse(told.new_state).uidnext == 12


async def test_hits_are_not_repeated_by_an_expunge_between_two_windows(opened: Joiner) -> None:
    script = [
        *signed_in(),
        *selected(exists=6, uidnext=100),
        *asked("UID SEARCH .*4:6.*", b"* SEARCH 40 50 60\r\n* 1 EXPUNGE\r\n"),
        *asked("UID SEARCH .*1:3.*", b"* SEARCH 20 30 40\r\n"),
    ]
    async with scripted(*script) as server:
        session = await opened(server)
        hits, go_on = await matching(session, mailbox_of(session), 100, 10, Plain.UNSEEN, step=3, most=100)
        assert (hits, go_on) == ((60, 50, 40, 30, 20), None)


async def test_more_answers_than_questions_are_a_violation_not_a_search_without_end(
    opened: Joiner,
) -> None:
    script = [*signed_in(), *selected(exists=3), *asked("UID SEARCH 1:3", b"* SEARCH 1 2 3 4\r\n")]
    async with scripted(*script) as server:
        session = await opened(server)
        with pytest.raises(ProtocolViolation):
            await count_below(session, 3, 2)


async def drink(source: Hose, into: bytearray) -> None:
    async for piece in source:
        into += piece


async def test_the_rest_of_a_download_is_not_held_whole_because_the_server_says_so(desk: Desk) -> None:
    """After a lost connection the rest comes in windows, which are held whole: none may be larger than asked."""
    whole, most = 1_500_000, 1 << 20
    opening = [*signed_in(), *selected(), Expect("UID FETCH 9 .+")]
    first = [*opening, Send(b"* 1 FETCH (UID 9 BODY[] {%d}\r\n" % whole + bytes(100_000)), Close()]
    told = b"* 1 FETCH (UID 9 BODY[]<100000> {%d}\r\n" % (most * 3)
    second = [*opening, Send(told + bytes(most * 3) + b")\r\n{tag} OK\r\n")]
    async with scripted(*first) as server:
        size, source = await octets(desk, account(server), Octets(INBOX, 7, 9, Section()))
        assert size == whole
        await server.finished.wait()
        server.script = second
        got = bytearray()
        with pytest.raises(ProtocolViolation):
            await drink(source, got)
        assert len(got) == 100_000
        await source.aclose()
        server.failure = None  # it may not have been read to its end


async def test_the_next_window_of_a_download_is_asked_for_before_the_last_is_used_up(desk: Desk) -> None:
    """The way to the mail server and the way to the client take their time together, not one after the other."""
    at, whole = 100_000, 100_000 + 2 * WINDOW
    opening = [*signed_in(), *selected(), Expect("UID FETCH 9 .+")]
    begun = [*opening, Send(b"* 1 FETCH (UID 9 BODY[] {%d}\r\n" % whole + bytes(at)), Close()]
    asked_early = Meet()

    def window(start: int) -> Send:
        head = b"* 1 FETCH (UID 9 BODY[]<%d> {%d}\r\n" % (start, WINDOW)
        return Send(head + bytes(WINDOW) + b")\r\n{tag} OK\r\n")

    second = f"UID FETCH 9 .+<{at + WINDOW}.{WINDOW}>.*"
    rest = [*opening, window(at), *asked("NOOP", b""), Expect(second), asked_early, window(at + WINDOW)]
    async with scripted(*begun) as server:
        size, source = await octets(desk, account(server), Octets(INBOX, 7, 9, Section()))
        assert size == whole
        await server.finished.wait()
        server.script = rest
        got = 0
        while got < at + WINDOW - HELD:
            got += len(await anext(source))
        assert got < at + WINDOW
        await asked_early.go()
        async for piece in source:
            got += len(piece)
        assert got == whole


LISTED = b'* LIST () "/" Work\r\n'


async def test_a_folder_that_was_made_is_not_made_again_where_the_answer_is_lost(desk: Desk) -> None:
    script = [
        *signed_in(),
        *asked('LIST "" ""', b'* LIST (\\Noselect) "/" ""\r\n'),
        *asked('CREATE "?Work"?', b""),
        *asked('SUBSCRIBE "?Work"?', b""),
        Expect("LIST .+"),
        Close(),
    ]
    async with scripted(*script) as server:
        with pytest.raises(WriteInDoubt):
            await create_folder(desk, account(server), FolderCreate(name="Work"))
        assert server.connections == 1


async def test_a_renamed_folder_is_as_little_subscribed_as_before_and_refusals_of_that_are_no_error(desk: Desk) -> None:
    def tree(name: bytes) -> list[Step]:
        return [
            Expect("LIST .+", as_="list"),
            Expect("LSUB .+"),
            Send(LISTED.replace(b"Work", name) + b"{list} OK\r\n{tag} OK\r\n"),
        ]

    script = [
        *signed_in(),
        *asked('LIST "" ""', b'* LIST (\\Noselect) "/" ""\r\n'),
        *tree(b"Work"),
        *asked('RENAME "?Work"? "?Play"?', b""),
        *tree(b"Play"),
        *asked('STATUS "?Play"? .+', b"* STATUS Play (MESSAGES 0 UNSEEN 0 UIDNEXT 1 UIDVALIDITY 3)\r\n"),
        *asked("LOGOUT", b"* BYE\r\n"),
    ]
    async with scripted(*script) as server:
        folder = await patch_folder(desk, account(server), folder_id(b"Work"), FolderPatch(name="Play"))
        assert (folder.name, folder.is_subscribed) == ("Play", False)
        await desk.pool.close(1)
