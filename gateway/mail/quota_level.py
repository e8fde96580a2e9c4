"""Quota as numbers that people understand, and the moments at which they should hear of it: pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta

from gateway.imap.response import Quota
from gateway.mail.resource import Id, Resource

ResourceType: TypeAlias = Literal["octets", "count"]

UNIT: Final = 1024
# RFC 9208 sections 5.1 and 5.4, and Cyrus' name for the latter: what is counted in units of 1024 octets.
_IN_UNITS: Final = frozenset({"STORAGE", "ANNOTATION-STORAGE", "X-ANNOTATION-STORAGE"})
# The largest number that every JSON reader takes exactly (RFC 8259 section 6); servers say "no limit" with larger ones.
_MOST: Final = 2**53 - 1


class QuotaResource(Resource, kw_only=True, frozen=True):
    """One limit; the names are those of the Quota object of JMAP, where it has them."""

    root: Annotated[str, Meta(description="what is bounded together, by the mail server's own name; may be empty")]
    name: Annotated[str, Meta(description="STORAGE, MESSAGE, MAILBOX, ANNOTATION-STORAGE, or a server's own")]
    resource_type: Annotated[ResourceType, Meta(description="the unit of `used`, `limit` and `warnLimit`")]
    used: int
    limit: int
    percent: Annotated[int, Meta(description="of the limit, rounded down; more than 100 where it was lowered")]
    warn_limit: Annotated[int, Meta(description="the first threshold of `live.quota_percents`, in the same unit")]


class AccountQuota(Resource, kw_only=True, frozen=True):
    """All limits that a folder counts against; of the inbox, they are the account's."""

    folder_id: Id
    resources: list[QuotaResource]


class QuotaCrossing(Resource, kw_only=True, frozen=True):
    """A limit of which more is used now than a threshold that it was below, or less than one that it was at."""

    root: str
    name: str
    threshold: Annotated[int, Meta(description="percent: the highest that was passed, or the lowest left behind")]
    rising: Annotated[bool, Meta(description="whether it is reached now; else there is room again")]


class QuotaNews(AccountQuota, kw_only=True, frozen=True):
    """The account's limits as they are now, and which thresholds of `live.quota_percents` were crossed."""

    crossed: list[QuotaCrossing]


def resources(quotas: Sequence[Quota], thresholds: Sequence[int]) -> list[QuotaResource]:
    """In the server's order."""
    return [
        _resource(quota.root.decode("utf-8", "replace"), name, used, limit, min(thresholds, default=100))
        for quota in quotas
        for name, (used, limit) in quota.resources.items()
    ]


def crossed(
    old: Sequence[QuotaResource], new: Sequence[QuotaResource], thresholds: Sequence[int]
) -> list[QuotaCrossing]:
    """What has to be told, once each. A limit that is new is told where a threshold of it is passed already."""
    before = {(each.root, each.name): each.percent for each in old}
    found = ((each, _passed(before.get((each.root, each.name), 0), each.percent, thresholds)) for each in new)
    return [
        QuotaCrossing(root=each.root, name=each.name, threshold=passed, rising=each.percent >= passed)
        for each, passed in found
        if passed is not None
    ]


def _passed(old: int, new: int, thresholds: Sequence[int]) -> int | None:
    between = [threshold for threshold in thresholds if min(old, new) < threshold <= max(old, new)]
    if not between:
        return None
    return max(between) if new > old else min(between)


def _resource(root: str, name: str, used: int, limit: int, warn: int) -> QuotaResource:
    in_units = name in _IN_UNITS
    unit = UNIT if in_units else 1
    return QuotaResource(
        root=root,
        name=name,
        resource_type="octets" if in_units else "count",
        used=min(used * unit, _MOST),
        limit=min(limit * unit, _MOST),
        percent=_percent(used, limit),
        warn_limit=min(limit * unit, _MOST) * warn // 100,
    )


def _percent(used: int, limit: int) -> int:
    """RFC 9208 section 3.1.2: a limit of 0 prohibits any usage, so it is always reached."""
    return min(used * 100 // limit, _MOST) if limit else 100
