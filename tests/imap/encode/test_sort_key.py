"""SORT and PARTIAL as they are sent."""

from __future__ import annotations

import pytest

from gateway.errors import LocalError
from gateway.imap.encode.command import command
from gateway.imap.encode.search_key import And, Match, Plain, SearchKey, search_arguments
from gateway.imap.encode.sort_key import Part, SortKey, partial, sort_arguments
from tests.imap.encode.reader import Token, read


@pytest.mark.parametrize(
    ("keys", "key", "part", "tokens"),
    [
        ([SortKey("SUBJECT")], Plain.ALL, None, [["SUBJECT"], "US-ASCII", "ALL"]),
        (
            [SortKey("ARRIVAL", True), SortKey("FROM")],
            And((Plain.SEEN, Match("TO", "é"))),
            None,
            [["REVERSE", "ARRIVAL", "FROM"], "UTF-8", "SEEN", "TO", "é".encode()],
        ),
        (
            [SortKey("DISPLAYFROM")],
            Plain.ALL,
            Part(5, 1),
            ["RETURN", ["PARTIAL", "5:1"], ["DISPLAYFROM"], "US-ASCII", "ALL"],
        ),
    ],
)
def test_sorts(keys: list[SortKey], key: SearchKey, part: Part | None, tokens: list[Token]) -> None:
    (line,) = command("UID SORT", *sort_arguments(keys, key, part=part)).pieces(literal_plus=True)
    assert isinstance(line, bytes)
    assert read(line) == ["UID", "SORT", *tokens]


def test_the_newest_are_counted_from_the_end() -> None:
    (line,) = command("UID SEARCH", partial(Part(-1, -51)), *search_arguments(Plain.UNSEEN)).pieces()
    assert line == b"UID SEARCH RETURN (PARTIAL -1:-51) UNSEEN\r\n"


@pytest.mark.parametrize(("first", "last"), [(0, 1), (1, 0), (-1, 1), (1, -1), (1, 2**32)])
def test_what_is_no_part(first: int, last: int) -> None:
    with pytest.raises(LocalError):
        Part(first, last)


def test_a_sort_has_criteria() -> None:
    with pytest.raises(LocalError):
        sort_arguments([], Plain.ALL)
