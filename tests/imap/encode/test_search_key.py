from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.imap.encode.command import command
from gateway.imap.encode.search_key import (
    And,
    Dated,
    Flagged,
    Fuzzy,
    Header,
    Match,
    ModSeq,
    Not,
    ObjectIs,
    Or,
    Plain,
    SearchKey,
    SeqIn,
    Sized,
    UidIn,
    search_arguments,
)
from gateway.imap.uids import SequenceSet, UidSet
from tests.imap.encode.reader import Token, read


def sent(key: SearchKey) -> list[Token]:
    steps = command("UID SEARCH", *search_arguments(key)).pieces(literal_plus=True)
    tokens = read(b"".join(step for step in steps if isinstance(step, bytes)))
    assert tokens[:2] == ["UID", "SEARCH"]
    return tokens[2:]


@pytest.mark.parametrize(
    ("key", "tokens"),
    [
        (Plain.ALL, ["ALL"]),
        (And(()), ["ALL"]),
        (And((Plain.SEEN, Plain.DRAFT)), ["SEEN", "DRAFT"]),
        (Not(And((Plain.SEEN, Plain.DRAFT))), ["NOT", ["SEEN", "DRAFT"]]),
        (Or((Plain.SEEN,)), ["SEEN"]),
        (Or((Plain.SEEN, Plain.DRAFT)), ["OR", "SEEN", "DRAFT"]),
        (Or((Plain.SEEN, Plain.DRAFT, And((Plain.FLAGGED, Not(Plain.DELETED))))),
         ["OR", "SEEN", "OR", "DRAFT", ["FLAGGED", "NOT", "DELETED"]]),
        (Match("SUBJECT", 'a "b" \\'), ["SUBJECT", b'a "b" \\']),
        (Match("TEXT", "é"), ["CHARSET", "UTF-8", "TEXT", "é".encode()]),
        (Match("FROM", ""), ["FROM", b""]),
        (Header("List-Id", "x"), ["HEADER", b"List-Id", b"x"]),
        (Dated("SINCE", date(2024, 1, 5)), ["SINCE", "5-Jan-2024"]),
        (Fuzzy(Match("TEXT", "helo")), ["FUZZY", "TEXT", b"helo"]),
        (Not(Fuzzy(Match("TEXT", "é"))), ["CHARSET", "UTF-8", "NOT", "FUZZY", "TEXT", "é".encode()]),
        (Flagged(b"\\seen", False), ["UNSEEN"]),
        (Flagged(b"$Work"), ["KEYWORD", "$Work"]),
        (Flagged(b"$Work", False), ["UNKEYWORD", "$Work"]),
        (Sized("LARGER", 5), ["LARGER", "5"]),
        (UidIn(UidSet.from_(5)), ["UID", "5:*"]),
        (SeqIn(SequenceSet.of([1, 3])), ["1,3"]),
        (ModSeq(7), ["MODSEQ", "7"]),
        (ObjectIs("EMAILID", "M1_-"), ["EMAILID", "M1_-"]),
    ],
)  # fmt: skip
def test_keys(key: SearchKey, tokens: list[Token]) -> None:
    assert sent(key) == tokens


def test_utf8_enabled_needs_no_charset() -> None:
    args = search_arguments(Match("TEXT", "é"), returns=("COUNT", "ALL"), utf8_enabled=True)
    steps = command("UID SEARCH", *args).pieces(literal_plus=True)
    assert read(b"".join(step for step in steps if isinstance(step, bytes)))[2:] == [
        "RETURN",
        ["COUNT", "ALL"],
        "TEXT",
        "é".encode(),
    ]


@pytest.mark.parametrize(
    ("key", "field"),
    [
        (Match("SUBJECT", "a\0"), "subject"),
        (Header("a b", "x"), "header"),
        (Header("a\r\n", "x"), "header"),
        (Header("x", "\0"), "header"),
        (Flagged(b"a b"), "flags"),
        (Flagged(b"\\Recent"), "flags"),
        (Sized("LARGER", -1), "larger"),
        (UidIn(UidSet()), "messages"),
        (ObjectIs("THREADID", "a b"), "threadid"),
        (Or(()), "filter"),
        (And((Plain.ALL,) * 5000), "filter"),
    ],
)
def test_what_can_not_be_asked(key: SearchKey, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        search_arguments(key)
    assert refused.value.field == field


def test_a_tree_of_any_depth_is_refused_without_recursion() -> None:
    key: SearchKey = Plain.ALL
    for _ in range(100_000):
        key = Not(key)
    with pytest.raises(InvalidRequest):
        search_arguments(key)
    while isinstance(key, Not):  # taken down from the top: the interpreter frees nested objects recursively
        key = key.key


SAYABLE = st.text(st.characters(exclude_characters="\0", codec="utf-8"))
LEAVES: st.SearchStrategy[SearchKey] = st.one_of(
    st.sampled_from(Plain),
    st.builds(Match, st.sampled_from(["FROM", "SUBJECT", "TEXT"]), SAYABLE),
    st.builds(Sized, st.sampled_from(["LARGER", "SMALLER"]), st.integers(0, 2**63 - 1)),
    st.builds(Dated, st.sampled_from(["SINCE", "BEFORE"]), st.dates()),
)  # fmt: skip
TREES: st.SearchStrategy[SearchKey] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=12,
)


def understood(tokens: list[Token]) -> tuple[object, list[Token]]:
    """One key from the front, and the rest, as a server would take it."""
    head, *rest = tokens
    if isinstance(head, list):
        return ("AND", *conjunction(head)), rest
    if head == "NOT":
        inner, rest = understood(rest)
        return ("NOT", inner), rest
    if head == "OR":
        left, rest = understood(rest)
        right, rest = understood(rest)
        return ("OR", left, right), rest
    if head in {"FROM", "SUBJECT", "TEXT", "LARGER", "SMALLER", "SINCE", "BEFORE"}:
        return (head, rest[0]), rest[1:]
    return head, rest


def conjunction(tokens: list[Token]) -> list[object]:
    keys: list[object] = []
    while tokens:
        key, tokens = understood(tokens)
        keys.append(key)
    return keys


def meant(key: SearchKey) -> object:
    match key:
        case And(keys):
            return ("AND", *[meant(each) for each in keys])
        case Or((only,)):
            return meant(only)
        case Or((first, *others)):
            return ("OR", meant(first), meant(Or(tuple(others))))
        case Not(inner):
            return ("NOT", meant(inner))
        case Plain():
            return key.value.decode()
        case Match(where, value):
            return (where, value.encode())
        case Sized(how, octets):
            return (how, str(octets))
        case Dated(how, day):
            months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
            return (how, f"{day.day}-{months[day.month - 1]}-{day.year:04d}")
        case _:
            raise AssertionError(key)


@given(TREES)
def test_a_server_understands_what_was_meant(key: SearchKey) -> None:
    tokens = sent(key)
    if tokens[0] == "CHARSET":
        tokens = tokens[2:]
    if isinstance(key, And):
        assert conjunction(tokens) == [meant(each) for each in key.keys]
    else:
        assert conjunction(tokens) == [meant(key)]
