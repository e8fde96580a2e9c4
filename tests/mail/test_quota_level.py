"""Quota in numbers, and when it is worth telling."""

from __future__ import annotations

import msgspec
import pytest

from gateway.imap.response import Quota
from gateway.mail.quota_level import QuotaResource, crossed, resources

PERCENTS = (80, 90, 95, 100)


def level(used: int, limit: int = 100, *, name: str = "MESSAGE", root: bytes = b"r") -> list[QuotaResource]:
    return resources([Quota(root, {name: (used, limit)})], PERCENTS)


def test_storage_is_told_in_octets_and_messages_as_a_number() -> None:
    quotas = [
        Quota(b"", {"STORAGE": (10, 512), "MESSAGE": (3, 7)}),
        Quota(b"User quota", {"ANNOTATION-STORAGE": (1, 2), "MAILBOX": (0, 0), "X-NUM-FOLDERS": (200, 100)}),
        Quota(b"none", {}),
    ]
    told = [
        (each.root, each.name, each.resource_type, each.used, each.limit, each.percent, each.warn_limit)
        for each in resources(quotas, PERCENTS)
    ]
    assert told == [
        ("", "STORAGE", "octets", 10_240, 524_288, 1, 419_430),
        ("", "MESSAGE", "count", 3, 7, 42, 5),
        ("User quota", "ANNOTATION-STORAGE", "octets", 1024, 2048, 50, 1638),
        ("User quota", "MAILBOX", "count", 0, 0, 100, 0),
        ("User quota", "X-NUM-FOLDERS", "count", 200, 100, 200, 80),
    ]


def test_numbers_that_no_json_reader_takes_are_bounded() -> None:
    (told,) = resources([Quota(b"", {"STORAGE": (2**63 - 1, 2**63 - 1)})], PERCENTS)
    assert (told.used, told.limit, told.percent) == (2**53 - 1, 2**53 - 1, 100)
    assert msgspec.json.decode(msgspec.json.encode(told))["limit"] == 2**53 - 1
    (told,) = resources([Quota(b"", {"MESSAGE": (2**63 - 1, 1)})], ())
    assert (told.percent, told.warn_limit) == (2**53 - 1, 1)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (0, 79, None),
        (79, 80, (80, True)),
        (80, 80, None),
        (80, 89, None),
        (79, 96, (95, True)),  # the highest of those passed, once
        (79, 250, (100, True)),
        (99, 100, (100, True)),
        (100, 99, (100, False)),
        (97, 50, (80, False)),  # the lowest of those left behind
        (80, 79, (80, False)),
        (79, 0, None),
    ],
)
def test_a_threshold_is_told_when_it_is_crossed(old: int, new: int, expected: tuple[int, bool] | None) -> None:
    found = [(each.threshold, each.rising) for each in crossed(level(old), level(new), PERCENTS)]
    assert found == ([expected] if expected else [])


def test_limits_are_told_apart_by_root_and_name() -> None:
    old = [*level(10, root=b"a"), *level(95, root=b"b"), *level(10, name="STORAGE", root=b"a")]
    new = [*level(85, root=b"a"), *level(95, root=b"b"), *level(10, name="STORAGE", root=b"a")]
    assert [(each.root, each.name) for each in crossed(old, new, PERCENTS)] == [("a", "MESSAGE")]
    assert crossed(old, [], PERCENTS) == []


def test_a_limit_that_is_new_is_told_where_it_is_nearly_reached_and_a_lowered_one_too() -> None:
    assert [each.threshold for each in crossed([], level(96), PERCENTS)] == [95]
    assert crossed([], level(10), PERCENTS) == []
    assert [each.threshold for each in crossed(level(50), level(50, 50), PERCENTS)] == [100]


def test_without_thresholds_nothing_is_told() -> None:
    assert crossed(level(0), level(100), ()) == []
