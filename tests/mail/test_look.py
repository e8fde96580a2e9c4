"""Searches on servers that no test machine has: without charsets, with PARTIAL, with CONTEXT=SORT."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.errors import InvalidRequest, Refused
from gateway.imap.credential import Password
from gateway.imap.endpoint import Deadlines
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from gateway.mail.conditions import Conditions
from gateway.mail.look import Looker
from gateway.mail.order import ordered
from gateway.mail.search_request import Comparator, SearchFilter
from gateway.mail.translate import Setting
from gateway.secret import Secret
from gateway.sync.search_cursor import Place, mark_of
from tests.imap.scripted import Expect, Scripted, Send, Step, scripted, selected, signed_in

INBOX = MailboxName(b"INBOX")
ABLE = "IMAP4rev1 ESEARCH LITERAL+ "


class Opened:
    """A session on a script, with the folder open."""

    def __init__(self, session: Session) -> None:
        assert session.mailbox is not None
        self.session, self.mailbox = session, session.mailbox

    @classmethod
    async def on(cls, server: Scripted) -> Opened:
        session = await Session.open(server.endpoint, Password("user", Secret("pw")), deadlines=Deadlines())
        await session.select(INBOX)
        return cls(session)

    def looker(
        self, filter: dict[str, Any], *, ascii_only: bool = False, also: UidSet | None = None, folders: int = 1
    ) -> Looker:
        conditions = Conditions.of(msgspec.convert(filter, SearchFilter))
        setting = Setting(INBOX, {}, ascii_only=ascii_only)
        return Looker(self.session, self.mailbox, conditions, setting, folders=folders, also=also)


def found(command: str, *uids: int) -> list[Step]:
    listed = b",".join(b"%d" % uid for uid in uids)
    return [
        Expect(command),
        Send(b'* ESEARCH (TAG "{tag}") UID' + (b" ALL " + listed if uids else b"") + b"\r\n{tag} OK done\r\n"),
    ]


async def test_only_the_newest_are_asked_for_where_the_server_can() -> None:
    async with scripted(
        *signed_in(ABLE + "PARTIAL"),
        *selected(exists=9, uidnext=100),
        Expect(r'UID SEARCH RETURN \(PARTIAL -1:-3\) UID 1:99 1:9 SUBJECT "x"'),
        Send(b'* ESEARCH (TAG "{tag}") UID PARTIAL (-1:-3 70,80,90)\r\n{tag} OK done\r\n'),
    ) as server:
        opened = await Opened.on(server)
        assert await opened.looker({"subject": "x"}).newest(100, 2) == ((90, 80), 80)
        opened.session.abort()


def envelope(seq: int, uid: int, subject: bytes, sender: bytes) -> bytes:
    people = b'((NIL NIL "%s" "example.org"))' % sender
    return b'* %d FETCH (UID %d ENVELOPE (NIL "%s" %s %s %s NIL NIL NIL NIL NIL))\r\n' % (
        seq, uid, subject, people, people, people,
    )  # fmt: skip


async def test_where_the_charset_is_refused_subjects_are_read_here() -> None:
    async with scripted(
        *signed_in(ABLE),
        *selected(exists=3, uidnext=10),
        *found('UID SEARCH RETURN \\(ALL\\) 1:3 FROM "boss"', 4, 5, 9),
        Expect(r"UID FETCH 4:5,9 \(UID ENVELOPE\)"),
        Send(
            envelope(1, 4, b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", b"boss")
            + envelope(2, 5, b"Gruss", b"boss")
            + envelope(3, 9, b"=?iso-8859-1?q?GR=DC=DFE?=", b"boss")
            + b"{tag} OK done\r\n"
        ),
        *found('UID SEARCH RETURN \\(ALL\\) UID 4:5,9 FROM "boss" UID 4,9', 4, 9),
    ) as server:
        opened = await Opened.on(server)
        looker = opened.looker({"subject": "grüße", "from": "boss"}, ascii_only=True)
        assert await looker.newest(10, 50) == ((9, 4), None)
        opened.session.abort()


async def test_nothing_is_sent_where_nothing_can_match() -> None:
    async with scripted(*signed_in(ABLE), *selected(exists=3, uidnext=10)) as server:
        opened = await Opened.on(server)
        looker = opened.looker({"operator": "OR", "conditions": []})
        assert await looker.newest(10, 50) == ((), None)
        assert await looker.count() == 0
        opened.session.abort()


async def test_only_messages_of_the_days_in_doubt_are_looked_at() -> None:
    async with scripted(
        *signed_in(ABLE),
        *selected(exists=4, uidnext=10),
        *found(r"UID SEARCH RETURN \(ALL\) 1:4 SINCE 9-May-2020", 2, 3, 5, 7),
        *found(r"UID SEARCH RETURN \(ALL\) UID 2:3,5,7 SINCE 9-May-2020 BEFORE 12-May-2020", 3, 2),
        Expect(r"UID FETCH 2:3 \(UID INTERNALDATE\)"),
        Send(
            b'* 1 FETCH (UID 2 INTERNALDATE "10-May-2020 09:59:59 +0000")\r\n'
            b'* 2 FETCH (UID 3 INTERNALDATE "10-May-2020 00:00:00 -1000")\r\n'
            b"{tag} OK done\r\n"
        ),
    ) as server:
        opened = await Opened.on(server)
        assert await opened.looker({"after": "2020-05-10T10:00:00Z"}).newest(10, 50) == ((7, 5, 3), None)
        opened.session.abort()


async def test_conditions_that_are_decided_here_are_bounded() -> None:
    async with scripted(*signed_in(ABLE), *selected()) as server:
        opened = await Opened.on(server)
        many = {"operator": "OR", "conditions": [{"hasAttachment": True}] * 9}
        with pytest.raises(InvalidRequest):
            opened.looker(many)
        terms = {"operator": "OR", "conditions": [{"subject": f"ü{n}"} for n in range(9)]}
        with pytest.raises(Refused) as refused:
            opened.looker(terms, ascii_only=True)
        assert refused.value.imap_code == "BADCHARSET"
        opened.session.abort()


SIZE = (Comparator(property="size"),)


async def test_a_part_of_a_sort_is_enough_where_the_last_message_shown_is_in_it() -> None:
    place = Place(mark_of(b"INBOX"), 7, 100, 20, (31, 8))
    async with scripted(
        *signed_in(ABLE + "SORT ESORT CONTEXT=SORT"),
        *selected(exists=90, uidnext=100),
        Expect(r"UID SORT RETURN \(PARTIAL 12:30\) \(SIZE\) US-ASCII UID 1:99 OR SEEN UID 8,31"),
        Send(b'* ESEARCH (TAG "{tag}") UID PARTIAL (12:30 40,31,8,77,12,50,3)\r\n{tag} OK done\r\n'),
    ) as server:
        opened = await Opened.on(server)
        lead, whole = await ordered(
            opened.session,
            opened.mailbox,
            lambda also: opened.looker({"hasKeyword": "$seen"}, also=also),
            place,
            2,
            SIZE,
            alone=True,
        )
        assert [hit.uid for hit in lead.hits] == [77, 12, 50]
        assert (lead.more, whole) == (True, True)
        opened.session.abort()


async def test_all_is_sorted_where_the_part_does_not_hold_it() -> None:
    place = Place(mark_of(b"INBOX"), 7, 100, 20, (31, 8))
    async with scripted(
        *signed_in(ABLE + "SORT ESORT CONTEXT=SORT"),
        *selected(exists=90, uidnext=100),
        Expect(r"UID SORT RETURN \(PARTIAL .*"),
        Send(b'* ESEARCH (TAG "{tag}") UID PARTIAL (12:30 NIL)\r\n{tag} OK done\r\n'),
        Expect(r"UID SORT \(SIZE\) US-ASCII UID 1:99 OR SEEN UID 8,31"),
        Send(b"* SORT 40 31 77 12\r\n{tag} OK done\r\n"),  # 8 is gone: it goes on after 31
    ) as server:
        opened = await Opened.on(server)
        lead, _ = await ordered(
            opened.session,
            opened.mailbox,
            lambda also: opened.looker({"hasKeyword": "$seen"}, also=also),
            place,
            2,
            SIZE,
            alone=True,
        )
        assert [hit.uid for hit in lead.hits] == [77, 12]
        opened.session.abort()


async def test_of_too_large_a_folder_only_the_newest_are_sorted_and_that_is_said() -> None:
    place = Place(mark_of(b"INBOX"), 7, 900_000)
    async with scripted(
        *signed_in(ABLE + "SORT"),
        *selected(exists=500_000, uidnext=900_000),
        Expect(r"UID SORT \(SIZE\) US-ASCII 300001:500000 UID 1:899999 SEEN"),
        Send(b"* SORT 5 4\r\n{tag} OK done\r\n"),
    ) as server:
        opened = await Opened.on(server)
        lead, whole = await ordered(
            opened.session,
            opened.mailbox,
            lambda also: opened.looker({"hasKeyword": "$seen"}, also=also),
            place,
            2,
            SIZE,
            alone=True,
        )
        assert [hit.uid for hit in lead.hits] == [5, 4]
        assert whole is False
        opened.session.abort()


@pytest.mark.parametrize("way", ["newest", "oldest"])
async def test_a_pause_between_two_windows_goes_on_behind_the_first(way: str) -> None:
    """As many messages as the gateway looks at itself are in the first window, and none of them has an attachment."""
    first, second = (range(601, 801), range(101, 111)) if way == "newest" else (range(1, 201), range(501, 511))
    windows = ("301:800", "1:300") if way == "newest" else ("1:500", "501:800")
    structure = b'BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)'
    fetched = b"".join(b"* %d FETCH (UID %d %s)\r\n" % (uid, uid, structure) for uid in first)
    async with scripted(
        *signed_in(ABLE),
        *selected(exists=800, uidnext=801),
        *found(rf"UID SEARCH RETURN \(ALL\) {windows[0]} TEXT \"x\"", *first),
        Expect(rf"UID FETCH {first[0]}:{first[-1]} \(.*BODYSTRUCTURE.*\)"),
        Send(fetched + b"{tag} OK done\r\n"),
        *found(rf"UID SEARCH RETURN \(ALL\) {windows[1]} TEXT \"x\"", *second),
    ) as server:
        opened = await Opened.on(server)
        looker = opened.looker({"text": "x", "hasAttachment": True}, folders=10)
        uids, on = await (looker.newest(801, 5) if way == "newest" else looker.oldest(0, 5))
        assert (uids, on) == ((), 111 if way == "newest" else 500)
        assert server.failure is None
