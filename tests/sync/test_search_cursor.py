"""Positions of a search go around as one token, and nothing else is taken for one."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest, LocalError
from gateway.sync.cursor import Cursor, fingerprint
from gateway.sync.search_cursor import MAX_PLACES, Place, SearchCursor, mark_of
from gateway.sync.token import Kind, write

PRINT = fingerprint("query")
uint32 = st.integers(0, 2**32 - 1)
uids = st.integers(1, 2**32 - 1)


@st.composite
def places(draw: st.DrawFn) -> Place:
    anchors = tuple(draw(st.lists(uids, max_size=4)))
    given_ = draw(st.integers(len(anchors), 2**32 - 1))
    return Place(mark_of(draw(st.binary())), draw(uint32), draw(st.integers(1, 2**32)), given_, anchors)


CURSORS = st.lists(places(), min_size=1, max_size=8, unique_by=lambda place: place.mark).map(
    lambda found: SearchCursor(PRINT, tuple(sorted(found, key=lambda place: place.mark)))
)


@given(CURSORS)
def test_cursors_round_trip(cursor: SearchCursor) -> None:
    text = cursor.encode()
    assert SearchCursor.parse(text, fingerprint=PRINT) == cursor
    assert text[0].isupper()


@given(CURSORS, st.integers(0, 10_000), st.sampled_from("AZaz09-_=+ \0"))
def test_another_token_is_refused_or_means_something_else(cursor: SearchCursor, at: int, letter: str) -> None:
    text = cursor.encode()
    at %= len(text)
    changed = text[:at] + letter + text[at + 1 :]
    with suppress(InvalidRequest):
        assert SearchCursor.parse(changed, fingerprint=PRINT).encode() == changed


@given(st.binary(max_size=200))
def test_octets_are_a_cursor_or_refused(octets: bytes) -> None:
    text = write(Kind.SEARCH, PRINT + octets)
    with suppress(InvalidRequest):
        assert SearchCursor.parse(text, fingerprint=PRINT).encode() == text


@pytest.mark.parametrize("text", ["", "x", "A" * 9000, Cursor(1, 2, PRINT).encode(), write(Kind.SEARCH, PRINT)])
def test_what_is_no_cursor(text: str) -> None:
    with pytest.raises(InvalidRequest):
        SearchCursor.parse(text, fingerprint=PRINT)


def test_a_cursor_is_of_its_query() -> None:
    text = SearchCursor(PRINT, (Place(mark_of(b"a"), 1, 2),)).encode()
    with pytest.raises(InvalidRequest, match="another search"):
        SearchCursor.parse(text, fingerprint=fingerprint("other"))


def test_each_folder_is_in_it_once_and_there_is_a_bound() -> None:
    one = Place(mark_of(b"a"), 1, 2)
    many = sorted((Place(mark_of(b"%d" % n), 2**32 - 1, 2**32, 9, (2**32 - 1,) * 4) for n in range(MAX_PLACES)),
                  key=lambda place: place.mark)  # fmt: skip
    whole = SearchCursor(PRINT, tuple(many))
    assert SearchCursor.parse(whole.encode(), fingerprint=PRINT) == whole
    assert whole.of(b"7") is not None
    assert whole.of(b"elsewhere") is None
    for bad in [(), (one, one), tuple(reversed(many)), (*many, Place(b"\xff" * 8, 1, 2))]:
        with pytest.raises(LocalError):
            SearchCursor(PRINT, bad)
