"""Remembered pages: bounded, and found by all that decides what is on them."""

from __future__ import annotations

from gateway.mail.pages import Listed, Pages

PAGE = Listed(b"x" * 500, None)
WEIGHT = 1200


def test_a_page_is_found_by_its_tag_and_the_mailbox_id() -> None:
    kept = Pages(10_000)
    kept.put(('"a"', "id"), PAGE)
    assert kept.get(('"a"', "id")) == PAGE
    assert kept.get(('"b"', "id")) is None
    assert kept.get(('"a"', None)) is None


def test_the_one_asked_for_least_recently_goes_first() -> None:
    kept = Pages(2 * WEIGHT)
    for tag in ("1", "2"):
        kept.put((tag, None), PAGE)
    assert kept.get(("1", None))
    kept.put(("3", None), PAGE)
    assert [tag for tag in "123" if kept.get((tag, None))] == ["1", "3"]
    assert kept.weight == 2 * WEIGHT


def test_put_again_it_weighs_once() -> None:
    kept = Pages(2 * WEIGHT)
    kept.put(("1", None), PAGE)
    kept.put(("1", None), PAGE)
    assert kept.weight == WEIGHT


def test_nothing_is_kept_of_what_is_too_large() -> None:
    for kept in (Pages(0), Pages(WEIGHT - 1)):
        kept.put(("1", None), PAGE)
        assert kept.get(("1", None)) is None
        assert kept.weight == 0
