"""Remembered summaries: bounded, and each folder's own."""

from __future__ import annotations

from msgspec import json

from gateway.mail.resource import MessageSummary
from gateway.mail.summaries import SHARE, Place, Summaries

INBOX = Place("account", b"INBOX", 7)


def summary(uid: int, subject: str = "subject") -> MessageSummary:
    return MessageSummary(
        id=f"id{uid}", folder_id="inbox", flags=[], size=100, received_at="2026-02-02T09:00:00Z", subject=subject
    )


WEIGHT = len(json.encode(summary(1)))


def test_what_is_put_is_there_and_only_there() -> None:
    kept = Summaries(1_000_000)
    kept.put(INBOX, 3, summary(3))
    assert {uid: row.summary() for uid, row in kept.of(INBOX).items()} == {3: summary(3)}
    assert not kept.of(Place("another", b"INBOX", 7))
    assert not kept.of(Place("account", b"Other", 7))
    assert not kept.of(Place("account", b"INBOX", 8))
    assert kept.weight == WEIGHT


def test_put_again_it_replaces() -> None:
    kept = Summaries(1_000_000)
    for subject in ("one", "another one"):
        kept.put(INBOX, 3, summary(3, subject))
    assert {uid: row.summary() for uid, row in kept.of(INBOX).items()} == {3: summary(3, "another one")}
    assert kept.weight == len(json.encode(summary(3, "another one")))


def test_a_folder_has_its_share_and_loses_what_came_first() -> None:
    kept = Summaries(WEIGHT * 3 * SHARE)
    for uid in (5, 1, 9, 7):
        kept.put(INBOX, uid, summary(uid))
    assert list(kept.of(INBOX)) == [1, 9, 7]
    assert kept.weight == 3 * WEIGHT


def test_the_folder_asked_for_least_recently_goes_first() -> None:
    kept = Summaries(WEIGHT * SHARE)
    places = [Place(f"account{number}", b"INBOX", 7) for number in range(SHARE)]
    for place in places:
        kept.put(place, 1, summary(1))
    assert kept.of(places[0])
    kept.put(INBOX, 1, summary(1))
    assert kept.of(places[0])
    assert not kept.of(places[1])
    assert kept.of(INBOX)
    assert kept.weight == WEIGHT * SHARE


def test_what_is_too_heavy_is_not_kept() -> None:
    kept = Summaries(WEIGHT * SHARE)
    kept.put(INBOX, 1, summary(1, "x" * 100))
    Summaries(0).put(INBOX, 1, summary(1))
    assert not kept.of(INBOX)
    assert kept.weight == 0


def test_the_weight_is_that_of_what_is_held() -> None:
    kept = Summaries(WEIGHT * 5 * SHARE)
    for number in range(2000):
        place = Place(f"account{number % 11}", b"INBOX", 7)
        kept.put(place, number % 17 + 1, summary(number % 17 + 1, "s" * (number % 40)))
        assert kept.weight <= WEIGHT * 5 * SHARE
    left = [kept.of(Place(f"account{number}", b"INBOX", 7)).values() for number in range(11)]
    assert kept.weight == sum(len(json.encode(each.summary())) for folder in left for each in folder) > 0
