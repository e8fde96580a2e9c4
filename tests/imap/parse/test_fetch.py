from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations

import pytest

from gateway.imap import limits
from gateway.imap.framer import Frame, Streamed
from gateway.imap.parse import parse
from gateway.imap.response import Fetched, SectionKey
from tests.imap.cuts import fetched


@pytest.mark.parametrize("order", list(permutations([b"UID 7", b"FLAGS (\\Seen $a)", b"MODSEQ (99)"])))
def test_flags_in_any_order(order: tuple[bytes, ...]) -> None:
    expected = Fetched(3, 7, (b"\\Seen", b"$a"), 99, present=frozenset({"UID", "FLAGS", "MODSEQ"}))
    assert fetched(b"* 3 FETCH (" + b" ".join(order) + b")") == expected
    assert fetched(b"* 3 fetch  (" + b"  ".join(order) + b" )") == expected


@pytest.mark.parametrize("order", list(permutations([b"UID 7", b"FLAGS (\\Seen)", b"RFC822.SIZE 1234"])))
def test_flags_with_the_size(order: tuple[bytes, ...]) -> None:
    expected = Fetched(3, 7, (b"\\Seen",), size=1234, present=frozenset({"UID", "FLAGS", "RFC822.SIZE"}))
    assert fetched(b"* 3 FETCH (" + b" ".join(order) + b")") == expected
    assert fetched(b"* 3 fetch  (" + b"  ".join(order) + b" )") == expected


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b"(FLAGS ())", Fetched(1, flags=(), present=frozenset({"FLAGS"}))),
        (b"(UID 4294967295)", Fetched(1, 4294967295, present=frozenset({"UID"}))),
        (b"(UID 0 FLAGS ())", Fetched(1, flags=(), present=frozenset({"UID", "FLAGS"}), broken=frozenset({"UID"}))),
        (b"(UID 4294967296)", Fetched(1, present=frozenset({"UID"}), broken=frozenset({"UID"}))),
        (b"(RFC822.SIZE 1 RFC822.SIZE 2)", Fetched(1, size=2, present=frozenset({"RFC822.SIZE"}))),
        (b"(RFC822.SIZE 12x)", Fetched(1, present=frozenset({"RFC822.SIZE"}), broken=frozenset({"RFC822.SIZE"}))),
        (b"(UID 5 UID 5)", Fetched(1, 5, present=frozenset({"UID"}))),
        (b"(UID 5 UID 6)", Fetched(1, present=frozenset({"UID"}), broken=frozenset({"UID"}))),
        (
            b"(UID 5 FLAGS () UID 6)",
            Fetched(1, None, (), present=frozenset({"UID", "FLAGS"}), broken=frozenset({"UID"})),
        ),
        (b"(FLAGS NIL)", Fetched(1, flags=(), present=frozenset({"FLAGS"}))),
        (b"(MODSEQ 5)", Fetched(1, modseq=5, present=frozenset({"MODSEQ"}))),
        (b"(MODSEQ (0))", Fetched(1, modseq=0, present=frozenset({"MODSEQ"}))),
        (b"()", Fetched(1)),
        (b"5", Fetched(1, broken=frozenset({"FETCH"}))),
        (b"", Fetched(1, broken=frozenset({"FETCH"}))),
    ],
)  # fmt: skip
def test_dynamic_items(octets: bytes, value: Fetched) -> None:
    assert fetched(b"* 1 FETCH " + octets) == value


def test_every_item_of_the_extensions() -> None:
    got = fetched(
        b'* 1 FETCH (INTERNALDATE "17-Jul-1996 02:44:25 -0700" RFC822.SIZE 44827 EMAILID (M6d99ac3275bb4e) '
        b'THREADID (T64b478a75b7ea9) PREVIEW "Hi \xc3\xa9" SAVEDATE " 1-Jan-2024 00:00:00 +0000" '
        b'X-GM-MSGID 1278455344230334865 X-GM-THRID 18446744073709551615 X-GM-LABELS (\\Inbox "a b" &AOk- [x]) '
        b"BINARY.SIZE[1.2] 77 X-NEW (a (b)) UID 5)"
    )
    assert not got.broken
    assert got.internaldate == datetime(1996, 7, 17, 2, 44, 25, tzinfo=timezone(timedelta(hours=-7)))
    assert (got.size, got.email_id, got.thread_id, got.preview) == (44827, "M6d99ac3275bb4e", "T64b478a75b7ea9", "Hi é")
    assert got.savedate == datetime(2024, 1, 1, tzinfo=UTC)
    assert (got.gm_msgid, got.gm_thrid) == (1278455344230334865, 2**64 - 1)
    assert got.gm_labels == (b"\\Inbox", b"a b", b"&AOk-", b"[x]")
    assert got.binary_sizes == {"1.2": 77}
    assert got.uid == 5
    assert "X-NEW" in got.present


def test_nil_items_are_present_and_none() -> None:
    got = fetched(b"* 1 FETCH (THREADID NIL PREVIEW NIL SAVEDATE NIL ENVELOPE NIL BODYSTRUCTURE NIL BODY[1] NIL)")
    assert got == Fetched(
        1,
        sections={SectionKey("1"): None},
        present=frozenset({"THREADID", "PREVIEW", "SAVEDATE", "ENVELOPE", "BODYSTRUCTURE", "BODY[]"}),
    )


@pytest.mark.parametrize(
    ("wire", "key"),
    [
        (b"BODY[]", SectionKey()),
        (b"BODY[]<0>", SectionKey(origin=0)),
        (b"body[header]", SectionKey("", "HEADER")),
        (b"BODY[1.2.MIME]", SectionKey("1.2", "MIME")),
        (b"BODY[TEXT]<1024>", SectionKey("", "TEXT", origin=1024)),
        (b"BODY[3.TEXT]", SectionKey("3", "TEXT")),
        (b"BODY[HEADER.FIELDS (To \"cC\" From)]", SectionKey("", "HEADER.FIELDS", (b"CC", b"FROM", b"TO"))),
        (b"BODY[4.HEADER.FIELDS.NOT (X)]", SectionKey("4", "HEADER.FIELDS.NOT", (b"X",))),
        (b"BINARY[2.1]", SectionKey("2.1", binary=True)),
        (b"BINARY[]<5>", SectionKey(origin=5, binary=True)),
        (b"RFC822", SectionKey()),
        (b"RFC822.HEADER", SectionKey("", "HEADER")),
        (b"RFC822.TEXT", SectionKey("", "TEXT")),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("value", "octets"),
    [(b'"a)b"', b"a)b"), (b"{4}\r\n)\r\n(", b")\r\n("), (b"~{2}\r\n\0\0", b"\0\0"), (b"NIL", None), (b'""', b"")],
)
def test_sections(wire: bytes, key: SectionKey, value: bytes, octets: bytes | None) -> None:
    got = fetched(b"* 1 FETCH (UID 4 " + wire + b" " + value + b" FLAGS (a))")
    assert got.sections == {key: octets}
    assert (got.uid, got.flags, got.broken) == (4, (b"a",), frozenset())


@pytest.mark.parametrize(
    "wire", [b"BODY[0]", b"BODY[1..2]", b"BODY[1.]", b"BODY[x]", b"BODY[1.X]", b"BODY[(A)]", b"BODY[]<99999999999>"]
)
def test_a_section_that_can_not_be(wire: bytes) -> None:
    got = fetched(b'* 1 FETCH (UID 4 BODY[2] "ok" ' + wire + b' "x" FLAGS (a))')
    assert got.broken == {"BODY[]"}
    assert (got.uid, got.flags) == (4, (b"a",))


def test_a_streamed_section() -> None:
    frame: Frame = [b"* 1 FETCH (UID 4 BODY[] ", Streamed(70_000), b" FLAGS ())"]
    got = parse(frame)
    assert isinstance(got, Fetched)
    assert got.sections == {SectionKey(): Streamed(70_000)}
    assert got.flags == ()


def test_a_streamed_literal_where_a_string_belongs_breaks_that_item() -> None:
    got = parse([b"* 1 FETCH (UID 4 PREVIEW ", Streamed(70_000), b" FLAGS ())"])
    assert isinstance(got, Fetched)
    assert got.broken == {"PREVIEW"}
    assert (got.uid, got.flags) == (4, ())


@pytest.mark.parametrize(
    ("octets", "date"),
    [
        (b'" 1-Jan-2024 01:02:03 +0530"', datetime(2024, 1, 1, 1, 2, 3, tzinfo=timezone(timedelta(minutes=330)))),
        (b'"1-jan-2024 01:02:03 +0000"', datetime(2024, 1, 1, 1, 2, 3, tzinfo=UTC)),
        (b'"01-JAN-2024 01:02:03"', datetime(2024, 1, 1, 1, 2, 3, tzinfo=UTC)),
        (b'"01-Jan-2024 01:02:03 +9900"', datetime(2024, 1, 1, 1, 2, 3, tzinfo=UTC)),
        (b'"01-Jan-2024 01:02:60 -0000"', datetime(2024, 1, 1, 1, 2, 59, tzinfo=UTC)),
    ],
)
def test_internaldate(octets: bytes, date: datetime) -> None:
    got = fetched(b"* 1 FETCH (INTERNALDATE " + octets + b")")
    assert got.internaldate == date
    assert got.internaldate is not None
    assert got.internaldate.utcoffset() == date.utcoffset()


@pytest.mark.parametrize(
    "item",
    [
        b'INTERNALDATE "31-Feb-2024 01:02:03 +0000"',
        b'INTERNALDATE "01-Foo-2024 01:02:03 +0000"',
        b"INTERNALDATE NIL",
        b'INTERNALDATE "yesterday"',
        b'INTERNALDATE "01-Jan-0000 01:02:03 +0000"',
        b"RFC822.SIZE -5",
        b"RFC822.SIZE 9223372036854775808",
        b"RFC822.SIZE NIL",
        b"RFC822.SIZE (5)",
        b"MODSEQ ()",
        b"MODSEQ (a)",
        b"EMAILID (a b)",
        b'EMAILID ("")',
        b"FLAGS (a (b))",
        b"FLAGS",
        b"ENVELOPE",
        b"BODYSTRUCTURE x",
        b"X-GM-MSGID 18446744073709551616",
        b"BINARY.SIZE[1] x",
        b"BINARY.SIZE[x] 1",
        b"BODY[] (a)",
        b"PREVIEW (a)",
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_one_broken_item_costs_only_itself(item: bytes, first: bool) -> None:
    octets = item + b" UID 5 X-GM-THRID 8" if first else b"UID 5 X-GM-THRID 8 " + item
    got = fetched(b"* 2 FETCH (" + octets + b")")
    assert (got.seq, got.uid, got.gm_thrid) == (2, 5, 8)
    name = item.split(b" ")[0].split(b"[")[0].decode()
    assert got.broken == {name + "[]" if b"[" in item.split(b" ")[0] else name}
    assert (got.flags, got.size, got.structure, got.envelope, got.sections) == (None, None, None, None, {})


def test_one_parenthesis_too_many() -> None:
    got = fetched(b"* 2 FETCH (RFC822.SIZE 5) UID 5 FLAGS (a))")
    assert (got.uid, got.flags, got.size) == (5, (b"a",), 5)


def test_one_parenthesis_too_few() -> None:
    got = fetched(b"* 2 FETCH (UID 5 FLAGS (a)")
    assert (got.uid, got.flags) == (5, (b"a",))
    got = fetched(b'* 2 FETCH (UID 5 ENVELOPE ("date" "subject" FLAGS (a))')
    assert got.uid == 5
    assert got.broken == {"ENVELOPE"}


def test_an_unclosed_quote_breaks_the_item_it_is_in() -> None:
    got = fetched(b'* 2 FETCH (UID 5 FLAGS (a) ENVELOPE ("date "subject" NIL)')
    assert (got.uid, got.flags) == (5, (b"a",))
    assert got.broken == {"ENVELOPE"}
    got = fetched(b'* 2 FETCH (UID 5 PREVIEW "abc)')
    assert got.uid == 5
    assert got.broken == {"PREVIEW"}


def test_a_uid_slipped_in_by_a_subject_is_not_believed() -> None:
    """A server that leaves quotes unescaped: what the subject says must not become another message's UID."""
    subject = b'x" NIL NIL NIL NIL NIL NIL NIL NIL) UID 66 PREVIEW ("'
    got = fetched(b'* 2 FETCH (ENVELOPE (NIL "' + subject + b'" NIL NIL NIL NIL NIL NIL NIL NIL) UID 5)')
    assert got.uid is None
    assert "UID" in got.broken


def test_bodystructure_wins_over_body() -> None:
    long = b'BODYSTRUCTURE ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1 "md5" NIL NIL NIL)'
    short = b'BODY ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1)'
    for octets in (long + b" " + short, short + b" " + long):
        got = fetched(b"* 1 FETCH (" + octets + b")")
        assert got.structure is not None
        assert got.structure.md5 == b"md5"


def test_a_response_too_large_to_be_read_is_broken_and_no_more() -> None:
    got = parse([b"* 4 FETCH (UID 5 X-A (" + b"()" * limits.MAX_LISTS + b"))"])
    assert got == Fetched(4, uid=5, present=frozenset({"UID", "X-A", "FETCH"}), broken=frozenset({"X-A", "FETCH"}))


def test_merging_two_answers_about_one_message() -> None:
    one = fetched(b'* 1 FETCH (UID 5 FLAGS (a) BODY[1] "x" ENVELOPE x)')
    two = fetched(b'* 1 FETCH (UID 5 FLAGS (b) MODSEQ (7) BODY[2] "y" ENVELOPE NIL)')
    both = one.merged(two)
    assert (both.uid, both.flags, both.modseq) == (5, (b"b",), 7)
    assert both.sections == {SectionKey("1"): b"x", SectionKey("2"): b"y"}
    assert both.broken == frozenset()
    assert two.merged(one).broken == {"ENVELOPE"}
