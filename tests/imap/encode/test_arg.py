from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.imap import limits
from gateway.imap.encode import arg
from gateway.imap.encode.arg import Arg, ListPattern, Literal
from gateway.imap.encode.command import command
from gateway.imap.name import MailboxName
from gateway.imap.uids import SequenceSet, UidSet
from tests.imap.encode.reader import Token, read

HOSTILE = [
    "INBOX (CONDSTORE)",
    'a" "b',
    "a\\",
    '\\"',
    "{10}",
    "{10+}",
    "x {3}\r\na2 CREATE evil",
    "\r\n",
    "a\nb",
    "*",
    "%",
    "()",
    "NIL",
    "é",
    "\U0001f600",
    "",
    " ",
    "\x01\x7f",
    "~{5}",
    "x" * 5000,
]


def sent(*args: Arg) -> list[Token]:
    """What an independent reader finds behind the verb."""
    line = command("NOOP", *args)
    plain = b"".join(step for step in line.pieces() if isinstance(step, bytes))
    plus = b"".join(step for step in line.pieces(literal_plus=True) if isinstance(step, bytes))
    assert read(plain) == read(plus)
    verb, *rest = read(plus)
    assert verb == "NOOP"
    return rest


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_strings_arrive_as_one_argument(value: str) -> None:
    octets = value.encode()
    assert sent(arg.text(value, field="q"), arg.number(1)) == [octets, "1"]
    assert sent(arg.mailbox(MailboxName(octets)), arg.number(1)) == [octets, "1"]
    assert sent(arg.pattern(ListPattern.covering(MailboxName(octets)))) == [octets]


@given(st.lists(st.one_of(st.text(), st.binary().map(lambda octets: octets.decode("latin-1"))), max_size=5))
def test_any_strings_arrive_or_are_refused(values: list[str]) -> None:
    kept = [value for value in values if "\0" not in value]
    assert sent(*[arg.text(value, field="q") for value in kept]) == [value.encode() for value in kept]
    for value in values:
        if "\0" in value:
            with pytest.raises(InvalidRequest) as refused:
                arg.text(value, field="q")
            assert refused.value.field == "q"


@given(st.binary(min_size=1, max_size=60))
def test_any_mailbox_octets_arrive_or_are_refused(octets: bytes) -> None:
    name = MailboxName(octets)
    if b"\0" in octets:
        with pytest.raises(InvalidRequest):
            arg.mailbox(name)
    else:
        assert sent(arg.mailbox(name)) == [name.wire]


def test_8_bit_and_line_ends_are_never_quoted() -> None:
    assert arg.string(b"\xff", field="q").pieces == (Literal(b"\xff"),)
    assert arg.string(b"a\rb", field="q").pieces == (Literal(b"a\rb"),)
    assert arg.string(b"a\nb", field="q").pieces == (Literal(b"a\nb"),)
    assert arg.string(b"ab", field="q").pieces == (b'"ab"',)


def test_strings_are_bounded() -> None:
    with pytest.raises(InvalidRequest) as refused:
        arg.text("x" * (limits.MAX_STRING + 1), field="subject")
    assert refused.value.field == "subject"
    with pytest.raises(InvalidRequest):
        arg.text("\ud800", field="subject")


@pytest.mark.parametrize("name", ["100%", "a*b", "%", "*"])
def test_a_name_with_wildcards_is_no_exact_pattern(name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        ListPattern.exact(MailboxName.from_text(name), field="folder")
    assert refused.value.field == "folder"


def test_patterns() -> None:
    assert ListPattern.exact(MailboxName(b"a.b")).wire == b"a.b"
    assert ListPattern.below(MailboxName(b"a"), "/").wire == b"a/*"
    assert sent(arg.pattern(ListPattern.all()), arg.pattern(ListPattern.top())) == [b"*", b"%"]


def test_sets() -> None:
    assert sent(arg.uid_set(UidSet.of([1, 2, 9])), arg.sequence_set(SequenceSet.from_(4))) == ["1:2,9", "4:*"]
    with pytest.raises(InvalidRequest):
        arg.uid_set(UidSet())
    with pytest.raises(InvalidRequest):
        arg.sequence_set(SequenceSet())


@pytest.mark.parametrize("value", [-1, limits.MAX_NUMBER64 + 1])
def test_numbers_are_bounded(value: int) -> None:
    with pytest.raises(InvalidRequest) as refused:
        arg.number(value, field="size")
    assert refused.value.field == "size"


def test_dates() -> None:
    assert arg.day(date(1994, 2, 1)).pieces == (b"1-Feb-1994",)
    assert arg.day(date(1, 12, 31)).pieces == (b"31-Dec-0001",)
    east = datetime(1996, 7, 7, 2, 44, 25, tzinfo=timezone(timedelta(hours=-7)))
    assert arg.date_time(east).pieces == (b'" 7-Jul-1996 02:44:25 -0700"',)
    odd = datetime(2024, 1, 1, 0, 0, 30, tzinfo=timezone(timedelta(seconds=30)))
    assert arg.date_time(odd).pieces == (b'" 1-Jan-2024 00:00:00 +0000"',)
    west = datetime(2024, 1, 1, tzinfo=timezone(-timedelta(minutes=210)))
    assert arg.date_time(west).pieces == (b'" 1-Jan-2024 00:00:00 -0330"',)
    with pytest.raises(InvalidRequest):
        arg.date_time(datetime(2024, 1, 1))  # noqa: DTZ001 (that it has no zone is the case)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(-timedelta(minutes=719))])))
def test_a_date_time_reads_back(value: datetime) -> None:
    from tests.imap.cuts import fetched

    (wire,) = arg.date_time(value).pieces
    assert isinstance(wire, bytes)
    assert fetched(b"* 1 FETCH (INTERNALDATE " + wire + b")").internaldate == value.replace(microsecond=0)


def test_flag_lists() -> None:
    assert sent(arg.flag_list([b"\\Seen", b"$a", b"\\Seen"])) == [["\\Seen", "$a"]]
    assert sent(arg.flag_list([])) == [[]]
    for flag in (b"\\Recent", b"a b", b"a)", b"\r\n", b"{1}", b""):
        with pytest.raises(InvalidRequest) as refused:
            arg.flag_list([flag], field="flags")
        assert refused.value.field == "flags"
    with pytest.raises(InvalidRequest):
        arg.flag_list([b"k%d" % number for number in range(limits.MAX_FLAGS + 1)])


def test_status_items_are_a_closed_set() -> None:
    assert sent(arg.status_items(["MESSAGES", "UNSEEN", "MESSAGES"])) == [["MESSAGES", "UNSEEN"]]
    for names in (["messages"], [], ["MESSAGES) x ("]):
        with pytest.raises(InvalidRequest):
            arg.status_items(names)


def test_id() -> None:
    assert sent(arg.id_fields(None)) == ["NIL"]
    assert sent(arg.id_fields({"name": 'gate"way', "v": "é"})) == [[b"name", b'gate"way', b"v", "é".encode()]]
