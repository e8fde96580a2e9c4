"""Conversations on servers that have what the real ones under test have not, or claim what they can't do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from gateway.imap.credential import Password
from gateway.imap.endpoint import Deadlines
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.mail.gathering import CANDIDATES, Gathering
from gateway.mail.letter import Letter, Place, letter, letter_items
from gateway.mail.messages import fetch_one
from gateway.mail.thread_resource import Basis
from gateway.secret import Secret
from tests.imap.scripted import Expect, Scripted, Send, Step, scripted, selected, signed_in

Joiner = Callable[[Scripted], Awaitable[Session]]
INBOX = MailboxName(b"INBOX")
ALICE = Password("alice", Secret("alicepw"))


@pytest.fixture
async def opened() -> AsyncIterator[Joiner]:
    async with AsyncExitStack() as stack:

        async def open_one(server: Scripted) -> Session:
            session = await Session.open(server.endpoint, ALICE, deadlines=Deadlines())
            stack.callback(session.abort)
            await session.select(INBOX, readonly=True)
            return session

        yield open_one


def fetched(seq: int, uid: int, name: str, *, answers: str = "", extra: str = "") -> bytes:
    to = f'"<{answers}@x>"' if answers else "NIL"
    return (
        f'* {seq} FETCH (UID {uid} FLAGS () RFC822.SIZE 9 INTERNALDATE "20-Nov-2026 08:00:{uid % 60:02} +0000" '
        f'ENVELOPE (NIL "Minutes" NIL NIL NIL NIL NIL NIL {to} "<{name}@x>") {extra}'
        'BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1) BODY[HEADER.FIELDS (References)] {2}\r\n\r\n)\r\n'
    ).encode()


def asked(pattern: str, answer: bytes, end: bytes = b"{tag} OK done\r\n") -> list[Step]:
    return [Expect(pattern), Send(answer + end)]


async def begun(session: Session, basis: Basis) -> tuple[Gathering, Letter]:
    mailbox = session.mailbox
    assert mailbox is not None
    place = Place(INBOX, mailbox.uidvalidity or 0, 1)
    start = letter(place, await fetch_one(session, 1, tuple(letter_items(session))))
    found = Gathering(place, start, basis)
    await found.look(session, mailbox)
    return found, start


def names(found: Gathering) -> list[str]:
    return [one.summary.message_id[0] for one in found.members()]


async def test_gmails_own_threads(opened: Joiner) -> None:
    extra = "X-GM-THRID 1278455344230334865 X-GM-MSGID 1278455344230334866 "
    script = [
        *signed_in("IMAP4rev1 X-GM-EXT-1"),
        *selected(),
        *asked("UID FETCH 1 .*X-GM-THRID.*", fetched(1, 1, "a", extra=extra)),
        *asked("UID SEARCH X-GM-THRID 1278455344230334865", b"* SEARCH 1 5\r\n"),
        *asked("UID FETCH 5 .*", fetched(2, 5, "z", extra=extra.replace("866", "899"))),
    ]
    async with scripted(*script) as server:
        found, start = await begun(await opened(server), "gmail")
        assert start.gm_thrid == 1278455344230334865
        assert (names(found), found.basis, found.complete) == (["a@x", "z@x"], "gmail", True)


@pytest.mark.parametrize("word", [b"NO", b"BAD"])
async def test_a_server_that_refuses_its_own_threading_is_asked_for_headers(opened: Joiner, word: bytes) -> None:
    script = [
        *signed_in("IMAP4rev1 THREAD=REFS"),
        *selected(),
        *asked("UID FETCH 1 .*", fetched(1, 1, "a")),
        *asked("UID SEARCH .*HEADER.*<a@x>.*", b"* SEARCH\r\n"),
        *asked("UID THREAD REFS US-ASCII OR UID 1 SUBJECT .*Minutes.*", b"", b"{tag} " + word + b" no\r\n"),
        *asked("UID SEARCH SUBJECT .*Minutes.*", b"* SEARCH 1\r\n"),
    ]
    async with scripted(*script) as server:
        found, _ = await begun(await opened(server), "refs")
        assert (names(found), found.basis) == (["a@x"], "headers")
        assert server.failure is None


async def test_only_trees_that_a_message_of_ours_is_in_count(opened: Joiner) -> None:
    script = [
        *signed_in("IMAP4rev1 THREAD=REFERENCES"),
        *selected(),
        *asked("UID FETCH 1 .*", fetched(1, 1, "a")),
        *asked("UID SEARCH .*", b"* SEARCH 1\r\n"),
        *asked("UID THREAD REFERENCES .*", b"* THREAD ((1)(3))(4 5)(6)\r\n"),
        *asked("UID FETCH 3 .*", fetched(2, 3, "c")),
    ]
    async with scripted(*script) as server:
        found, _ = await begun(await opened(server), "references")
        assert names(found) == ["a@x", "c@x"]


async def test_what_a_search_finds_by_chance_is_no_conversation(opened: Joiner) -> None:
    script = [
        *signed_in(),
        *selected(),
        *asked("UID FETCH 1 .*", fetched(1, 1, "a")),
        *asked("UID SEARCH .*", b"* SEARCH 1 2 3\r\n"),
        *asked("UID FETCH 2:3 .*", fetched(2, 2, "other") + fetched(3, 3, "c", answers="a")),
        *asked("UID SEARCH .*<c@x>.*", b"* SEARCH\r\n"),  # and not for <other@x>
        *asked("UID SEARCH SUBJECT .*", b"* SEARCH\r\n"),
    ]
    async with scripted(*script) as server:
        found, _ = await begun(await opened(server), "headers")
        assert names(found) == ["a@x", "c@x"]
        assert not any(b"other@x" in line for line in server.lines)


async def test_a_flood_of_hits_is_bounded_and_said(opened: Joiner) -> None:
    low = 10_000 - CANDIDATES + 1
    hits = " ".join(str(uid) for uid in range(1, 10_001)).encode()
    script = [
        *signed_in("IMAP4rev1 THREAD=REFS"),
        *selected(),
        *asked("UID FETCH 1 .*", fetched(1, 1, "a")),
        *asked("UID SEARCH .*", b"* SEARCH " + hits + b"\r\n"),
        *asked(f"UID FETCH {low}:10000 .*", b""),
        *asked("UID THREAD .*", b"* THREAD\r\n"),
    ]
    async with scripted(*script) as server:
        found, _ = await begun(await opened(server), "refs")
        assert (names(found), found.complete) == (["a@x"], False)
        assert server.failure is None
