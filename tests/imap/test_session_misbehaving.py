"""The verbs on scripted servers that misbehave."""

from __future__ import annotations

import pytest

from gateway.errors import (
    ConnectionLost,
    DeadlinePassed,
    NotFound,
    ProtocolViolation,
    Refused,
)
from gateway.imap.encode.fetch_item import Item, Section
from gateway.imap.endpoint import Deadlines
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from tests.imap.conftest import Joiner
from tests.imap.mails import INBOX, ONE, OTHER
from tests.imap.scripted import Close, Eof, Expect, Send, Step, scripted, selected, signed_in
from tests.servers.dovecot import Dovecot


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


async def test_logout_says_good_bye_and_survives_one(joined: Joiner, session: Session, dovecot: Dovecot) -> None:
    await session.logout()
    assert not session.alive
    script = [*signed_in(), Expect("LOGOUT"), Send(b"* BYE bye\r\n{tag} OK\r\n"), Eof()]
    async with scripted(*script) as server:
        other = await joined(server)
        await other.logout()
        assert not other.alive
        await server.finished.wait()
