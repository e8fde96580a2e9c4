from __future__ import annotations

import pytest
from msgspec.structs import replace

from gateway.errors import ProtocolViolation
from gateway.imap import limits, routing_messages
from gateway.imap.response import (
    Fetched,
    SectionKey,
    Vanished,
)
from gateway.imap.routing import Want
from gateway.imap.routing_messages import Messages, Stored, match_section
from gateway.imap.uids import UidSet
from tests.imap.test_routing import FLAGS, deliver, flags

BODY = SectionKey()
WINDOW = SectionKey(origin=0)
ENVELOPE = frozenset({"ENVELOPE"})


def body(uid: int, key: SectionKey, data: bytes = b"x") -> Fetched:
    return Fetched(1, uid=uid, sections={key: data}, present=frozenset({"UID", "BODY[]"}))


def test_a_fetch_goes_to_the_command_that_asked_for_this_uid() -> None:
    wants: list[Want] = [Messages(UidSet.of([uid]), FLAGS) for uid in (1, 2, 3)]
    assert deliver(wants, flags(3), flags(1), flags(2), flags(4)) == [2, 0, 1, None]


def test_a_fetch_goes_to_the_command_that_asked_for_these_items() -> None:
    wants: list[Want] = [Messages(UidSet.of([1]), ENVELOPE), Messages(UidSet.of([1]), FLAGS)]
    assert deliver(wants, flags(1)) == [1]
    assert deliver(wants, Fetched(1, uid=1, present=frozenset({"UID", "ENVELOPE"}))) == [0]


def test_no_more_messages_are_kept_than_were_wanted_and_the_lowest_of_the_others_is_known() -> None:
    want = Messages(UidSet.from_(1), FLAGS, most=2)
    assert deliver([want], flags(3), flags(9), flags(7), flags(3), flags(8)) == [0] * 5
    assert (sorted(want.messages), want.cut) == ([3, 9], 7)


def test_a_fetch_without_uid_is_news() -> None:
    assert deliver([Messages(UidSet.from_(1), FLAGS)], flags(None)) == [None]


def test_a_fetch_of_other_items_is_news() -> None:
    assert deliver([Messages(UidSet.from_(1), ENVELOPE)], flags(1)) == [None]


def test_a_section_that_could_not_be_read_is_an_answer() -> None:
    want = Messages(UidSet.of([7]), frozenset(), frozenset({SectionKey("1")}))
    torn = Fetched(1, uid=7, present=frozenset({"UID", "BODY[]"}), broken=frozenset({"BODY[]"}))
    assert deliver([want], torn) == [0]
    assert want.messages == {7: torn}


def test_windows_of_one_section_are_told_apart() -> None:
    second = SectionKey(origin=100)
    wants: list[Want] = [
        Messages(UidSet.of([1]), frozenset(), frozenset({WINDOW})),
        Messages(UidSet.of([1]), frozenset(), frozenset({second})),
    ]
    assert deliver(wants, body(1, second), body(1, WINDOW)) == [1, 0]


def test_an_answer_without_its_origin_is_kept_under_the_key_that_was_asked_for() -> None:
    want = Messages(UidSet.of([1]), frozenset(), frozenset({WINDOW}))
    assert deliver([want], body(1, BODY, b"data")) == [0]
    assert want.messages[1].sections == {WINDOW: b"data"}
    assert match_section([WINDOW], SectionKey(origin=5)) is None
    assert match_section([WINDOW], SectionKey(part="1")) is None


def test_a_header_field_list_given_back_in_another_way_is_the_one_asked_for() -> None:
    asked = SectionKey(text="HEADER.FIELDS", fields=(b"DATE", b"SUBJECT"))
    given = SectionKey(text="HEADER.FIELDS", fields=(b"SUBJECT",))
    assert match_section([asked], given) == asked
    assert match_section([asked, SectionKey(text="HEADER.FIELDS", fields=(b"TO",))], given) is None


def test_a_message_answered_in_two_responses_is_joined() -> None:
    want = Messages(UidSet.of([1]), FLAGS | ENVELOPE, frozenset({BODY}))
    assert deliver([want], flags(1, b"a"), body(1, BODY, b"octets")) == [0, 0]
    assert want.messages[1].flags == (b"a",)
    assert want.messages[1].sections == {BODY: b"octets"}


def test_the_last_message_of_an_open_range_is_ours_but_not_wanted() -> None:
    """``UID FETCH 100:*`` in a mailbox whose last UID is 50 is answered with 50: no news, and no result."""
    want = Messages(UidSet.from_(100), FLAGS)
    assert deliver([want], replace(flags(50), seq=7)) == [0]
    assert (want.messages, want.strayed) == ({}, 7)


def test_vanished_earlier_answers_who_asked_and_vanished_is_news() -> None:
    asked, other = Messages(UidSet.from_(1), FLAGS, vanished=True), Messages(UidSet.from_(1), FLAGS)
    assert deliver([other, asked], Vanished(UidSet.of([3]), True), Vanished(UidSet.of([4]), False)) == [1, None]
    assert asked.vanished == UidSet.of([3])


def test_an_endless_answer_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing_messages, "MAX_HELD", 2 * routing_messages.MESSAGE_COST + 900)
    monkeypatch.setattr(limits, "MAX_RANGES", 100)
    want = Messages(UidSet.from_(1), FLAGS, frozenset({BODY}))
    deliver([want], flags(1), body(2, BODY, b"x" * 700))
    with pytest.raises(ProtocolViolation):
        deliver([want], flags(3))
    gone = Messages(UidSet.from_(1), FLAGS, vanished=True)
    with pytest.raises(ProtocolViolation):
        deliver([gone], *[Vanished(UidSet.of([uid]), True) for uid in range(1, 300, 2)])


def test_a_store_takes_flags_of_its_uids() -> None:
    wants: list[Want] = [Stored(UidSet.of([1])), Stored(UidSet.of([2]))]
    assert deliver(wants, flags(2), flags(1), flags(3)) == [1, 0, None]
