from __future__ import annotations

import pytest

from gateway.errors import ProtocolViolation
from gateway.imap import limits
from gateway.imap.parse import parse
from gateway.imap.response import (
    AppendUid,
    BadCharset,
    CapabilityCode,
    Code,
    Condition,
    CopyUid,
    FlagsCode,
    MailboxId,
    Modified,
    NumberCode,
    Tagged,
)
from gateway.imap.uids import UidSet
from tests.imap.cuts import response


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b"a1 OK done", Tagged("a1", "OK", None, "done")),
        (b"a1 ok", Tagged("a1", "OK")),
        (b"A.1 NO [TRYCREATE] no such", Tagged("A.1", "NO", Code("TRYCREATE"), "no such")),
        (b"a1 BAD [CLIENTBUG]", Tagged("a1", "BAD", Code("CLIENTBUG"), "")),
        (b"a1 NO see {5}", Tagged("a1", "NO", None, "see {5}")),
        (b"a1 OK [XOTHER (a \"b]\") c] t]", Tagged("a1", "OK", Code("XOTHER", b'(a "b]") c'), "t]")),
        (b"a1 NO [REFERRAL imap://x/\"y] t", Tagged("a1", "NO", Code("REFERRAL", b'imap://x/"y'), "t")),
        (b"* OK [ALERT] caf\xc3\xa9 \xff", Condition("OK", Code("ALERT"), "café \N{REPLACEMENT CHARACTER}")),
        (b"* OK", Condition("OK")),
        (b"* BYE shutting down", Condition("BYE", None, "shutting down")),
        (b"* PREAUTH hi", Condition("PREAUTH", None, "hi")),
        (b"* NO [x", Condition("NO", None, "[x")),
        (b"* OK [] x", Condition("OK", None, "[] x")),
        (b"* OK [CLOSED] x", Condition("OK", Code("CLOSED"), "x")),
    ],
)  # fmt: skip
def test_status_responses(octets: bytes, value: Tagged | Condition) -> None:
    assert response(octets) == value


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"UIDVALIDITY 3857529045", NumberCode("UIDVALIDITY", b"3857529045", 3857529045)),
        (b"uidnext 4392", NumberCode("UIDNEXT", b"4392", 4392)),
        (b"UNSEEN 12", NumberCode("UNSEEN", b"12", 12)),
        (b"HIGHESTMODSEQ 9223372036854775807", NumberCode("HIGHESTMODSEQ", b"9223372036854775807", 2**63 - 1)),
        (b"NOMODSEQ", Code("NOMODSEQ")),
        (b"READ-ONLY", Code("READ-ONLY")),
        (b"READ-WRITE", Code("READ-WRITE")),
        (
            b"CAPABILITY IMAP4rev1 literal+",
            CapabilityCode("CAPABILITY", b"IMAP4rev1 literal+", frozenset({"IMAP4REV1", "LITERAL+"})),
        ),
        (b"PERMANENTFLAGS (\\Seen \\*)", FlagsCode("PERMANENTFLAGS", b"(\\Seen \\*)", (b"\\Seen", b"\\*"))),
        (b"PERMANENTFLAGS ()", FlagsCode("PERMANENTFLAGS", b"()", ())),
        (b"APPENDUID 38505 3955", AppendUid("APPENDUID", b"38505 3955", 38505, UidSet.of([3955]))),
        (b"APPENDUID 1 5:7", AppendUid("APPENDUID", b"1 5:7", 1, UidSet.span(5, 7))),
        (b"MODIFIED 7,9", Modified("MODIFIED", b"7,9", UidSet.of([7, 9]))),
        (b"MAILBOXID (F2212ea87)", MailboxId("MAILBOXID", b"(F2212ea87)", "F2212ea87")),
        (b'BADCHARSET (utf-8 "US-ASCII")', BadCharset("BADCHARSET", b'(utf-8 "US-ASCII")', ("UTF-8", "US-ASCII"))),
        (b"BADCHARSET", BadCharset("BADCHARSET")),
    ],
)
def test_codes(raw: bytes, code: Code) -> None:
    assert response(b"* OK [" + raw + b"] text") == Condition("OK", code, "text")


@pytest.mark.parametrize(
    "raw",
    [
        b"UIDVALIDITY 0",
        b"UIDVALIDITY 4294967296",
        b"UIDNEXT",
        b"UIDNEXT x",
        b"HIGHESTMODSEQ 9223372036854775808",
        b"PERMANENTFLAGS x y",
        b"PERMANENTFLAGS (",
        b"APPENDUID 1",
        b"COPYUID 1 1:4294967295 1:4294967295",
        b"COPYUID 1 1:3 1:2",
        b"COPYUID 1",
        b"MODIFIED",
        b"MAILBOXID ((x))",
    ],
)
def test_a_code_that_can_not_be_read_is_kept_raw(raw: bytes) -> None:
    got = response(b"a1 OK [" + raw + b"] text")
    assert isinstance(got, Tagged)
    name, _, rest = raw.partition(b" ")
    assert got.code == Code(name.decode(), rest)
    assert type(got.code) is Code


def test_copyuid_keeps_the_servers_order() -> None:
    got = response(b"a1 OK [COPYUID 38505 304,319:320 3958,3956:3957] Done")
    assert isinstance(got, Tagged)
    assert isinstance(got.code, CopyUid)
    assert got.code.uidvalidity == 38505
    assert got.code.mapping() == {304: 3958, 319: 3956, 320: 3957}


def test_the_text_is_bounded() -> None:
    got = parse([b"* NO " + b"x" * 100_000])
    assert isinstance(got, Condition)
    assert len(got.text) == limits.MAX_TEXT


@pytest.mark.parametrize("line", [b"a1", b"a1 MAYBE x", b"a1 OKAY", b"a(1 OK", b"hello world", b"a1  OK", b"*", b"*x"])
def test_what_is_no_response(line: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        parse([line])
