from __future__ import annotations

import pytest

from gateway.errors import ProtocolViolation
from gateway.imap.name import MailboxName
from gateway.imap.parse import parse
from gateway.imap.response import (
    Acl,
    Listed,
    ListRights,
    MyRights,
    Namespaces,
    Quota,
    QuotaRoot,
    Response,
    ServerId,
    Status,
)
from tests.imap.cuts import response


def name(octets: bytes) -> MailboxName:
    return MailboxName(octets)


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b'LIST () "/" INBOX', Listed(frozenset(), "/", name(b"INBOX"))),
        (
            b'LIST (\\HasNoChildren \\SENT) "." "Sent Items"',
            Listed(frozenset({"\\hasnochildren", "\\sent"}), ".", name(b"Sent Items")),
        ),
        (b'LIST () "\\\\" a\\\\b', Listed(frozenset(), "\\", name(b"a\\\\b"))),
        (b"LIST (\\Noselect) NIL {3}\r\na\r\n", Listed(frozenset({"\\noselect"}), None, name(b"a\r\n"))),
        (b'LIST () "/" NIL', Listed(frozenset(), "/", name(b"NIL"))),
        (b'LIST () "/" ""', Listed(frozenset(), "/", name(b""))),
        (b'LIST () "" x', Listed(frozenset(), None, name(b"x"))),
        (b'LIST () "/" 2024', Listed(frozenset(), "/", name(b"2024"))),
        (b'LIST () "/" R&D%*', Listed(frozenset(), "/", name(b"R&D%*"))),
        (b'LIST () "/" "a \\"q\\" \\\\ b"', Listed(frozenset(), "/", name(b'a "q" \\ b'))),
        (b'LIST () "/" "caf\xc3\xa9"', Listed(frozenset(), "/", name("café".encode()))),
        (b'LIST () "/" Sent Items', Listed(frozenset(), "/", name(b"Sent Items"))),
        (b'LIST () "/" a (b) c', Listed(frozenset(), "/", name(b"a (b) c"))),
        (b'LSUB () "/" x', Listed(frozenset(), "/", name(b"x"), lsub=True)),
        (
            b'LIST () "/" "x" ("CHILDINFO" ("SUBSCRIBED") OLDNAME ("y") MYRIGHTS "lrs" "NEW" ((a) b))',
            Listed(frozenset(), "/", name(b"x"), False, ("SUBSCRIBED",), name(b"y"), "lrs"),
        ),
        (
            b"STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292 HIGHESTMODSEQ 9223372036854775807)",
            Status(name(b"blurdybloop"), {"MESSAGES": 231, "UIDNEXT": 44292, "HIGHESTMODSEQ": 2**63 - 1}),
        ),
        (b'STATUS "a (b" (messages 1)', Status(name(b"a (b"), {"MESSAGES": 1})),
        (b"STATUS {3}\r\n(\r\n (MESSAGES 1 )", Status(name(b"(\r\n"), {"MESSAGES": 1})),
        (
            b"STATUS x (MAILBOXID (F22) APPENDLIMIT NIL SIZE junk UNSEEN 2 ODD)",
            Status(name(b"x"), {"MAILBOXID": "F22", "UNSEEN": 2}),
        ),
        (b"STATUS Sent Items (MESSAGES 1 UNSEEN 0)", Status(name(b"Sent Items"), {"MESSAGES": 1, "UNSEEN": 0})),
        (b"STATUS x ()", Status(name(b"x"), {})),
        (
            b'NAMESPACE (("" "/")("#x" NIL "X-PARAM" ("F")))  (("~" "/")) NIL',
            Namespaces(((b"", "/"), (b"#x", None)), ((b"~", "/"),), ()),
        ),
        (b'ID ("NAME" "Dovecot" "version" NIL "odd")', ServerId({"name": "Dovecot", "version": None})),
        (b"ID NIL", ServerId({})),
        (
            b'QUOTA "" (STORAGE 10 512 MESSAGE 1 9223372036854775807)',
            Quota(b"", {"STORAGE": (10, 512), "MESSAGE": (1, 2**63 - 1)}),
        ),
        (b"QUOTA !partition ()", Quota(b"!partition", {})),
        (b'QUOTA "" NIL', Quota(b"", {})),
        (b"QUOTA NIL (storage 1 2)", Quota(b"", {"STORAGE": (1, 2)})),
        (b"QUOTA root", Quota(b"root", {})),
        (b"QUOTA {5}\r\na b\r\n (MAILBOX 3 4)", Quota(b"a b\r\n", {"MAILBOX": (3, 4)})),
        (
            b"QUOTA x (STORAGE 1 -1 MESSAGE 2 9223372036854775808 ANNOTATION-STORAGE 0 0 X NIL 3 (a) 1 2 MAILBOX 7)",
            Quota(b"x", {"ANNOTATION-STORAGE": (0, 0)}),
        ),
        (b'QUOTAROOT INBOX "" b', QuotaRoot(name(b"INBOX"), (b"", b"b"))),
        (b"QUOTAROOT x", QuotaRoot(name(b"x"), ())),
        (b'ACL INBOX Fred rwip "-x" lr', Acl(name(b"INBOX"), {b"Fred": "rwip", b"-x": "lr"})),
        (b"ACL x", Acl(name(b"x"), {})),
        (
            b'ACL "Other Users/a" {5}\r\nb c"d lr $team "" e',
            Acl(name(b"Other Users/a"), {b'b c"d': "lr", b"$team": ""}),
        ),
        (
            b'LISTRIGHTS archive/imap anyone "" lr swted i p k x c',
            ListRights(name(b"archive/imap"), b"anyone", "", ("lr", "swted", "i", "p", "k", "x", "c")),
        ),
        (b'MYRIGHTS "a b" ""', MyRights(name(b"a b"), "")),
        (b'LISTRIGHTS ~/Mail smith la r w ""', ListRights(name(b"~/Mail"), b"smith", "la", ("r", "w", ""))),
        (b"MYRIGHTS INBOX rwiptsldaex", MyRights(name(b"INBOX"), "rwiptsldaex")),
    ],
)
def test_responses(octets: bytes, value: Response) -> None:
    assert response(b"* " + octets) == value


@pytest.mark.parametrize(
    "octets",
    [
        b"LIST",
        b"LIST ()",
        b'LIST () "/"',
        b'LIST () "//" x',
        b'LIST x "/" y',
        b'LIST ((a)) "/" y',
        b'LIST () "/" "a',
        b"STATUS x",
        b"STATUS (MESSAGES 1)",
        b"STATUS x (MESSAGES 1",
        b'STATUS x ("MESSAGES" 1) y (',
        b"NAMESPACE NIL NIL",
        b"NAMESPACE ((a)) NIL NIL",
        b"NAMESPACE x NIL NIL",
        b"QUOTA",
        b"QUOTA x y",
        b"QUOTA x () y",
        b"QUOTA (x) ()",
        b"QUOTAROOT (x)",
        b"ACL INBOX (a) lr",
        b"MYRIGHTS x y z",
        b"QUOTAROOT",
        b"ACL",
        b"LISTRIGHTS x",
        b"MYRIGHTS x",
    ],
)
def test_malformed(octets: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        parse([b"* " + octets])


def test_a_streamed_literal_is_no_mailbox() -> None:
    from gateway.imap.framer import Streamed

    with pytest.raises(ProtocolViolation):
        parse([b'* LIST () "/" ', Streamed(70_000), b""])
