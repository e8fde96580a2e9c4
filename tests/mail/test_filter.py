"""From simple filters to one search key."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.errors import InvalidRequest
from gateway.imap.encode.search_key import And, Dated, Flagged, Match, SearchKey
from gateway.mail.filter import filter_fingerprint, plan
from gateway.mail.request import Filter


@pytest.mark.parametrize(
    ("chosen", "key"),
    [
        (Filter(unseen=True), Flagged(b"\\Seen", present=False)),
        (Filter(unseen=False), Flagged(b"\\Seen", present=True)),
        (Filter(flagged=True), Flagged(b"\\Flagged", present=True)),
        (Filter(from_="a"), Match("FROM", "a")),
        (Filter(to="b"), Match("TO", "b")),
        (Filter(subject="c"), Match("SUBJECT", "c")),
        (Filter(text="d"), Match("TEXT", "d")),
        (Filter(since="2026-11-20"), Dated("SINCE", date(2026, 11, 20))),
        (Filter(before="2026-11-20"), Dated("BEFORE", date(2026, 11, 20))),
        (Filter(unseen=True, text="d"), And((Flagged(b"\\Seen", present=False), Match("TEXT", "d")))),
    ],
)
def test_each_filter_is_a_key(chosen: Filter, key: SearchKey) -> None:
    found = plan(chosen)
    assert found is not None
    assert found.key == key


def test_no_filter_is_no_search() -> None:
    assert plan(Filter()) is None


def test_what_reads_bodies_looks_at_fewer_messages_before_it_pauses() -> None:
    flags, headers, bodies = plan(Filter(unseen=True)), plan(Filter(subject="x")), plan(Filter(text="x"))
    assert flags is not None
    assert headers is not None
    assert bodies is not None
    assert flags.most > headers.most > bodies.most


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        (Filter(since="20.11.2026"), "since"),
        (Filter(since="2026-11-20T08:00:00Z"), "since"),
        (Filter(before="2026-02-30"), "before"),
        (Filter(subject="  "), "subject"),
        (Filter(text=""), "text"),
        (Filter(from_="x" * 1001), "from"),
    ],
)
def test_what_can_not_be_searched_is_named(chosen: Filter, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        plan(chosen)
    assert caught.value.field == field


def test_every_filter_has_a_fingerprint_of_its_own() -> None:
    filters = [
        Filter(), Filter(unseen=True), Filter(unseen=False), Filter(flagged=True), Filter(from_="x"), Filter(to="x"),
        Filter(subject="x"), Filter(text="x"), Filter(since="2026-01-01"), Filter(before="2026-01-01"),
    ]  # fmt: skip
    assert len({filter_fingerprint(chosen) for chosen in filters}) == len(filters)
