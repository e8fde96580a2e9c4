"""Query strings: parsed as declared, or refused by name."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, UnsetType

from gateway.errors import InvalidRequest
from gateway.http.query import MAX_QUERY, Query, Term, pairs, parse
from gateway.http.routes.events import EventsQuery
from gateway.http.routes.messages import MessagesQuery, StoreQuery

from .refusal import refused_field


class Sample(Query, kw_only=True, frozen=True):
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    unseen: bool | UnsetType = UNSET
    text: Term | UnsetType = UNSET
    names: list[str] | UnsetType = UNSET


def test_all_kinds() -> None:
    query = parse(b"limit=7&unseen=false&text=a+b%26%C3%A9&names=x,y", Sample)
    assert query == Sample(limit=7, unseen=False, text="a b&\u00e9", names=["x", "y"])


def test_nothing() -> None:
    assert parse(b"", Sample) == Sample()


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"limt=1", "limt"),
        (b"limit=1&limit=1", "limit"),
        (b"limit=1&%6Cimit=2", "limit"),
        (b"limit=", "limit"),
        (b"limit=0", "limit"),
        (b"limit=201", "limit"),
        (b"limit=1.0", "limit"),
        (b"limit=1e2", "limit"),
        (b"limit=+1", "limit"),
        (b"limit=01", "limit"),
        (b"limit=" + b"9" * 400, "limit"),
        (b"limit=%D9%A5", "limit"),
        (b"unseen=1", "unseen"),
        (b"unseen=True", "unseen"),
        (b"unseen", "unseen"),
        (b"text=", "text"),
        (b"text=" + b"x" * 1001, "text"),
        (b"text=%FF", "text"),
        (b"text=%zz", "text"),
        (b"text=%", "text"),
        (b"text=a%00b", "text"),
        (b"text=a%0D%0Ab", "text"),
        (b"%FF=1", "query"),
        (b"=1", ""),
        (b"text=" + b"x" * MAX_QUERY, "query"),
    ],
)
def test_what_is_wrong_is_named(raw: bytes, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(raw, Sample)
    assert caught.value.field == (field or "query")


@pytest.mark.parametrize("query", [Sample, MessagesQuery, StoreQuery, EventsQuery])
@given(raw=st.binary(max_size=200))
@example(raw=b"since=2026-13-01")
@example(raw=b"since=2026-01-01T00:00:00Z")
@example(raw=b"receivedAt=1700000000")
@example(raw=b"receivedAt=2026-01-01T00:00:00")
@example(raw=b"folders=")
@example(raw=b"types=created,nonsense")
@example(raw=b"=\x00")
def test_it_parses_or_names_the_parameter(query: type[Query], raw: bytes) -> None:
    assert refused_field(lambda: parse(raw, query))


shown = st.text(st.characters(exclude_categories=["Cs", "Cc"]))


@given(st.dictionaries(shown.filter(bool), shown, max_size=5))
def test_pairs_are_what_was_sent(sent: dict[str, str]) -> None:
    assert pairs(urlencode(sent, quote_via=quote).encode()) == sent


@pytest.mark.parametrize("raw", [b"receivedAt=1700000000", b"receivedAt=2026-01-01T00:00:00", b"receivedAt=now"])
def test_a_time_is_rfc_3339_with_its_zone(raw: bytes) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(raw, StoreQuery)
    assert caught.value.field == "receivedAt"
