from __future__ import annotations

from gateway.imap.response import (
    Esearch,
    Found,
)
from gateway.imap.routing_numbers import Numbers
from tests.imap.test_routing import deliver


def test_esearch_goes_by_its_tag() -> None:
    first, second = Numbers("SEARCH"), Numbers("SEARCH")
    first.tag, second.tag = "A1", "A2"
    assert deliver([first, second], Esearch("A2", uid=True, count=2), Esearch("A1", uid=True, count=1)) == [1, 0]
    assert deliver([first, second], Esearch("A9", uid=True)) == [None]


def test_search_goes_by_its_kind() -> None:
    search, sort = Numbers("SEARCH"), Numbers("SORT")
    assert deliver([search, sort], Found("SORT", (2,)), Found("SEARCH", (1,))) == [1, 0]
    assert (search.lane, sort.lane) == ("SEARCH", "SORT")
