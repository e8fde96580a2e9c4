"""Sorts, and parts of results, as servers answer them."""

from __future__ import annotations

import pytest

from gateway.errors import ProtocolViolation, Refused
from gateway.imap.credential import Password
from gateway.imap.encode.search_key import Match, Plain
from gateway.imap.encode.sort_key import Part, SortKey
from gateway.imap.endpoint import Deadlines
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from gateway.secret import Secret
from tests.imap.scripted import Expect, Scripted, Send, scripted, selected, signed_in

ABLE = "IMAP4rev1 ESEARCH SORT ESORT CONTEXT=SORT PARTIAL LITERAL+"


async def signed(server: Scripted) -> Session:
    session = await Session.open(server.endpoint, Password("user", Secret("pw")), deadlines=Deadlines())
    await session.select(MailboxName(b"INBOX"))
    return session


async def test_a_sort_keeps_the_servers_order() -> None:
    async with scripted(
        *signed_in(ABLE),
        *selected(),
        Expect(r"UID SORT \(REVERSE SIZE\) US-ASCII ALL"),
        Send(b"* SORT 5 3 9 4\r\n{tag} OK sorted\r\n"),
    ) as server:
        session = await signed(server)
        assert await session.sort(Plain.ALL, [SortKey("SIZE", descending=True)]) == (5, 3, 9, 4)
        session.abort()


async def test_a_part_of_a_sort_keeps_its_order_too() -> None:
    async with scripted(
        *signed_in(ABLE),
        *selected(),
        Expect(r"UID SORT RETURN \(PARTIAL 2:6\) \(DATE\) US-ASCII ALL"),
        Send(b'* ESEARCH (TAG "{tag}") UID PARTIAL (2:6 9,3:5,1)\r\n{tag} OK sorted\r\n'),
    ) as server:
        session = await signed(server)
        assert await session.sort(Plain.ALL, [SortKey("DATE")], part=Part(2, 6)) == (9, 3, 4, 5, 1)
        session.abort()


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (b'* ESEARCH (TAG "{tag}") UID PARTIAL (-1:-3 4,7:8)\r\n', {4, 7, 8}),
        (b'* ESEARCH (TAG "{tag}") UID PARTIAL (-1:-3 NIL)\r\n', set()),
        (b'* ESEARCH (TAG "{tag}") UID\r\n', set()),
        (b"* SEARCH 4 7\r\n", {4, 7}),
    ],
)
async def test_the_newest_of_a_search(answer: bytes, found: set[int]) -> None:
    async with scripted(
        *signed_in(ABLE),
        *selected(),
        Expect(r'UID SEARCH RETURN \(PARTIAL -1:-3\) SUBJECT "x"'),
        Send(answer + b"{tag} OK done\r\n"),
    ) as server:
        session = await signed(server)
        assert await session.search_newest(Match("SUBJECT", "x"), 3) == UidSet.of(found)
        session.abort()


@pytest.mark.parametrize("data", [b"PARTIAL (1:3 4:5)", b"ALL 4:5"])
async def test_message_numbers_are_not_taken_for_uids(data: bytes) -> None:
    async with scripted(
        *signed_in(ABLE),
        *selected(),
        Expect("UID SORT .*"),
        Send(b'* ESEARCH (TAG "{tag}") ' + data + b"\r\n{tag} OK done\r\n"),
    ) as server:
        session = await signed(server)
        with pytest.raises(ProtocolViolation):
            await session.sort(Plain.ALL, [SortKey("DATE")], part=Part(1, 3))
        session.abort()


async def test_a_part_that_is_too_large_is_not_counted_through() -> None:
    async with scripted(
        *signed_in(ABLE),
        *selected(),
        Expect("UID SORT .*"),
        Send(b'* ESEARCH (TAG "{tag}") UID ALL 1:4294967295\r\n{tag} OK done\r\n'),
    ) as server:
        session = await signed(server)
        with pytest.raises(ProtocolViolation):
            await session.sort(Plain.ALL, [SortKey("DATE")])
        session.abort()


async def test_a_refused_charset_says_so() -> None:
    async with scripted(
        *signed_in(ABLE),
        *selected(),
        Expect(r"UID SORT \(DATE\) UTF-8 SUBJECT \{2\+\}"),
        Expect("ü", tagless=True),
        Send(b"{tag} NO [BADCHARSET (US-ASCII)] no\r\n"),
    ) as server:
        session = await signed(server)
        with pytest.raises(Refused) as refused:
            await session.sort(Match("SUBJECT", "ü"), [SortKey("DATE")])
        assert refused.value.imap_code == "BADCHARSET"
        session.abort()
