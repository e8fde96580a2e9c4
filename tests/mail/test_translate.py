"""A filter tree against the messages themselves: what is sent, read as a server reads it, is what the tree means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import InvalidRequest, Refused, Unprocessable
from gateway.imap.encode.command import command
from gateway.imap.encode.search_key import SearchKey, UidIn, search_arguments
from gateway.imap.name import MailboxName
from gateway.imap.uids import UidSet
from gateway.mail.conditions import MAX_CONDITIONS, MAX_DEPTH, Conditions
from gateway.mail.logic import ALWAYS, NEVER
from gateway.mail.search_request import SearchFilter
from gateway.mail.translate import Attached, Instant, Leaf, Said, Setting, at_least, translate
from tests.imap.encode.reader import Token, read

INBOX, WORK = MailboxName(b"INBOX"), MailboxName(b"Work")
SETTING = Setting(INBOX, {"inbox": INBOX, "work": WORK, "junk": None})


@dataclass(frozen=True)
class Mail:
    """A message as far as the tests' conditions go. The zone is the one that a server shows the date in."""

    uid: int
    subject: str
    sender: str
    seen: bool
    size: int
    received: datetime
    attached: bool


def tree(value: dict[str, Any]) -> SearchFilter:
    return msgspec.convert(value, SearchFilter)


def told(key: SearchKey) -> list[Token]:
    """The key as it goes over the wire, and is taken apart by the tests' own reader."""
    steps = command("UID SEARCH", *search_arguments(key)).pieces(literal_plus=True)
    tokens = read(b"".join(step for step in steps if isinstance(step, bytes)))[2:]
    return tokens[2:] if tokens[0] == "CHARSET" else tokens


MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def server(tokens: list[Token], mail: Mail) -> bool:
    """All keys of a list hold: what a server does with what it was sent."""
    waiting, holds = list(tokens), True
    while waiting:
        one, waiting = _key(waiting, mail)
        holds = holds and one
    return holds


def _key(tokens: list[Token], mail: Mail) -> tuple[bool, list[Token]]:
    head, *rest = tokens
    if isinstance(head, list):
        return server(head, mail), rest
    match head:
        case "NOT":
            inner, rest = _key(rest, mail)
            return not inner, rest
        case "OR":
            left, rest = _key(rest, mail)
            right, rest = _key(rest, mail)
            return left or right, rest
        case "ALL":
            return True, rest
        case "SEEN":
            return mail.seen, rest
        case "UNSEEN":
            return not mail.seen, rest
    return _with_value(head, rest[0], mail), rest[1:]


def _with_value(head: Token, value: Token, mail: Mail) -> bool:
    match head, value:
        case "SUBJECT", bytes():
            return value.decode().casefold() in mail.subject.casefold()
        case "FROM", bytes():
            return value.decode().casefold() in mail.sender.casefold()
        case "LARGER", str():
            return mail.size > int(value)
        case "SMALLER", str():
            return mail.size < int(value)
        case "UID", str():
            return mail.uid in UidSet.parse(value.encode(), star=2**32 - 1)
        case (("SINCE" | "BEFORE"), str()):
            day, month, year = value.split("-")
            limit = (int(year), MONTHS.index(month) + 1, int(day))
            shown = (mail.received.year, mail.received.month, mail.received.day)
            return (shown >= limit) if head == "SINCE" else (shown < limit)
    raise AssertionError((head, value))


def meant(filter: dict[str, Any], mail: Mail) -> bool:
    """The tree as RFC 8621 section 4.4.1 has it."""
    if "operator" in filter:
        inner = [meant(each, mail) for each in filter["conditions"]]
        return {"AND": all(inner), "OR": any(inner), "NOT": not any(inner)}[filter["operator"]]
    tests: dict[str, Callable[[Any], bool]] = {
        "inMailbox": lambda v: v == "inbox",
        "inMailboxOtherThan": lambda v: "inbox" not in v,
        "subject": lambda v: v.casefold() in mail.subject.casefold(),
        "from": lambda v: v.casefold() in mail.sender.casefold(),
        "hasKeyword": lambda v: mail.seen,
        "notKeyword": lambda v: not mail.seen,
        "minSize": lambda v: mail.size >= v,
        "maxSize": lambda v: mail.size < v,
        "before": lambda v: mail.received < datetime.fromisoformat(v),
        "after": lambda v: mail.received >= datetime.fromisoformat(v),
        "hasAttachment": lambda v: mail.attached == v,
    }
    return all(tests[name](value) for name, value in filter.items())


NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
MOMENTS = st.builds(
    lambda minutes, zone: (NOON + timedelta(minutes=minutes)).astimezone(timezone(timedelta(minutes=zone))),
    st.integers(-40, 40).map(lambda half: half * 30),
    st.integers(-12 * 4, 14 * 4).map(lambda quarter: quarter * 15),
)
TERMS = st.sampled_from(["a", "B", "ü", "日", "needle", 'q"', "\\"])
MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "inMailbox": st.sampled_from(["inbox", "work", "junk"]),
    "inMailboxOtherThan": st.lists(st.sampled_from(["inbox", "work", "junk"]), max_size=2),
    "subject": TERMS,
    "from": TERMS,
    "hasKeyword": st.just("$seen"),
    "notKeyword": st.just("$Seen"),
    "minSize": st.sampled_from([0, 1, 2, 3, 2**33]),
    "maxSize": st.sampled_from([0, 1, 2, 3, 2**33]),
    "before": MOMENTS.map(datetime.isoformat),
    "after": MOMENTS.map(datetime.isoformat),
    "hasAttachment": st.booleans(),
}
SINGLES = [st.fixed_dictionaries({name: values}) for name, values in MEMBERS.items()]
PAIRS = st.tuples(st.one_of(SINGLES), st.one_of(SINGLES)).map(lambda pair: {**pair[0], **pair[1]})
LEAVES: st.SearchStrategy[dict[str, Any]] = st.one_of(*SINGLES, PAIRS)
DEEPER: st.SearchStrategy[dict[str, Any]] = st.recursive(
    LEAVES,
    lambda inner: st.fixed_dictionaries(
        {"operator": st.sampled_from(["AND", "OR", "NOT"]), "conditions": st.lists(inner, min_size=1, max_size=3)}
    ),
    max_leaves=5,
)
EMPTY = st.sampled_from(["AND", "OR", "NOT"]).map(lambda operator: {"operator": operator, "conditions": []})
TREES: st.SearchStrategy[dict[str, Any]] = st.one_of(LEAVES, DEEPER, DEEPER, st.just({}), EMPTY)
MAILS = st.builds(
    Mail,
    uid=st.integers(1, 50),
    subject=st.text(st.sampled_from("abBüÜ日 needl\"'\\"), max_size=8),
    sender=st.text(st.sampled_from("abü日"), max_size=4),
    seen=st.booleans(),
    size=st.integers(0, 4),
    received=MOMENTS,
    attached=st.booleans(),
)


def holds(leaf: Leaf, mail: Mail) -> bool:
    match leaf:
        case Instant("before", moment):
            return mail.received < moment
        case Instant(_, moment):
            return mail.received >= moment
        case Attached():
            return mail.attached
        case Said(_, value):
            return value.casefold() in mail.subject.casefold()


@settings(max_examples=300)
@given(TREES, st.lists(MAILS, min_size=1, max_size=8, unique_by=lambda mail: mail.uid))
def test_what_a_server_finds_is_what_the_tree_means(filter: dict[str, Any], mails: list[Mail]) -> None:
    conditions = Conditions.of(tree(filter))
    loose = translate(conditions, SETTING, at_least)

    def resolve(leaf: Leaf, positive: bool) -> SearchKey:
        held = UidSet.of(mail.uid for mail in mails if holds(leaf, mail))
        return UidIn(held) if held else NEVER

    exact = translate(conditions, SETTING, resolve)
    for mail in mails:
        right = meant(filter, mail)
        if right:  # nothing that matches is missed before it was looked at
            assert loose != NEVER
            assert server(told(loose), mail)
        assert (exact != NEVER and server(told(exact), mail)) is right


@given(TREES, MAILS)
def test_only_those_in_doubt_have_to_be_looked_at(filter: dict[str, Any], mail: Mail) -> None:
    conditions = Conditions.of(tree(filter))
    leaves: list[Leaf] = []

    def note(leaf: Leaf, positive: bool) -> SearchKey:
        leaves.append(leaf)
        return at_least(leaf, positive)

    loose = translate(conditions, SETTING, note)
    doubted = any(leaf.doubt == ALWAYS or server(told(leaf.doubt), mail) for leaf in leaves)
    if not doubted:
        assert (loose != NEVER and server(told(loose), mail)) is meant(filter, mail)


@pytest.mark.parametrize("how", ["before", "after"])
def test_no_zone_makes_a_day_out_of_doubt_wrong(how: str) -> None:
    """Every hour of two days about each of a day's moments, in every zone that a server may count in."""
    for hour in (0, 1, 11, 12, 23):
        moment = datetime(2024, 3, 1, hour, tzinfo=UTC)
        filter = {how: moment.isoformat()}
        conditions = Conditions.of(tree(filter))
        leaf = Instant("before" if how == "before" else "after", moment)
        perhaps, surely, doubt = told(leaf.perhaps), told(leaf.surely), told(leaf.doubt)
        assert told(translate(conditions, SETTING, at_least)) == perhaps
        for offset in range(-48, 49):
            for zone in range(-12, 15):
                shown = (moment + timedelta(hours=offset)).astimezone(timezone(timedelta(hours=zone)))
                mail = Mail(1, "", "", False, 0, shown, False)
                right = meant(filter, mail)
                assert server(perhaps, mail) or not right
                assert right or not server(surely, mail)
                assert server(doubt, mail) or server(perhaps, mail) is right


def test_a_message_of_an_imap_folder_is_in_no_other() -> None:
    filter = tree(
        {"operator": "OR", "conditions": [{"inMailbox": "work", "subject": "x"}, {"inMailboxOtherThan": ["inbox"]}]}
    )
    assert translate(Conditions.of(filter), SETTING, at_least) == NEVER
    assert translate(Conditions.of(tree({})), SETTING, at_least) == ALWAYS


def test_where_the_charset_is_refused_headers_are_read_here_and_bodies_are_not() -> None:
    refusing = Setting(INBOX, {}, ascii_only=True)
    seen: list[Leaf] = []

    def note(leaf: Leaf, positive: bool) -> SearchKey:
        seen.append(leaf)
        return at_least(leaf, positive)

    assert translate(Conditions.of(tree({"subject": "ü"})), refusing, note) == ALWAYS
    assert seen == [Said("SUBJECT", "ü")]
    for filter in ({"text": "ü"}, {"body": "ü"}, {"header": ["X", "ü"]}):
        with pytest.raises(Refused) as refused:
            translate(Conditions.of(tree(filter)), refusing, note)
        assert refused.value.imap_code == "BADCHARSET"
    assert told(translate(Conditions.of(tree({"body": "u"})), refusing, note)) == ["BODY", b"u"]


def test_fuzzy_is_of_texts_only() -> None:
    fuzzy = Setting(INBOX, {}, fuzzy=True)
    key = translate(Conditions.of(tree({"subject": "helo wrld", "minSize": 5})), fuzzy, at_least)
    assert told(key) == ["LARGER", "4", "FUZZY", "SUBJECT", b"helo", "FUZZY", "SUBJECT", b"wrld"]


def test_keywords_are_spelt_as_the_server_spells_them() -> None:
    known = Setting(INBOX, {}, known=(b"\\Seen", b"Work"))
    key = translate(Conditions.of(tree({"hasKeyword": "work", "notKeyword": "$seen"})), known, at_least)
    assert told(key) == ["KEYWORD", "Work", "UNSEEN"]


def nested(depth: int) -> dict[str, Any]:
    filter: dict[str, Any] = {}
    for _ in range(depth - 1):
        filter = {"operator": "NOT", "conditions": [filter]}
    return filter


def test_depth_and_number_are_bounded_and_named() -> None:
    assert len(Conditions.of(tree(nested(MAX_DEPTH))).nodes) == MAX_DEPTH
    with pytest.raises(InvalidRequest) as deep:
        Conditions.of(tree(nested(MAX_DEPTH + 1)))
    assert deep.value.field == "filter" + ".conditions[0]" * MAX_DEPTH
    wide = {"operator": "OR", "conditions": [{}, {"operator": "OR", "conditions": [{}] * MAX_CONDITIONS}]}
    with pytest.raises(InvalidRequest) as many:
        Conditions.of(tree(wide))
    assert many.value.field == "filter.conditions[1].conditions"


@pytest.mark.parametrize("member", ["allInThreadHaveKeyword", "someInThreadHaveKeyword", "noneInThreadHaveKeyword"])
def test_threads_are_refused_by_name(member: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        Conditions.of(tree({"operator": "AND", "conditions": [{}, {member: "$seen"}]}))
    assert refused.value.field == f"filter.conditions[1].{member}"


def test_terms_that_can_be_shown_are_those_not_denied() -> None:
    conditions = Conditions.of(
        tree(
            {
                "operator": "AND",
                "conditions": [
                    {"text": "a b"},
                    {
                        "operator": "NOT",
                        "conditions": [{"body": "c"}, {"operator": "NOT", "conditions": [{"body": "d"}]}],
                    },
                    {"subject": "e"},
                ],
            }
        )
    )
    assert conditions.shown("text", "body") == ("a", "b", "d")
    assert conditions.shown("text", "subject") == ("a", "b", "e")
    assert conditions.reads_bodies
    assert not Conditions.of(tree({"subject": "x"})).reads_bodies
