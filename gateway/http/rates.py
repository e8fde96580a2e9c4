"""Rate limits: buckets that fill up again, kept for a while behind a small interface.

The in-process store serves one replica; several that share one limit need a store that they share (take is then one
atomic step).
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from msgspec import Struct

from gateway.settings.model import Rate, Rates

Counted: TypeAlias = Literal["requests", "bulk", "sign-in"]
"""What a request counts as; every limit has a rate of its own for each."""
Whose: TypeAlias = Literal["caller", "account"]

MAX_BUCKETS: Final = 50_000


class RateKey(NamedTuple):
    """Whose bucket: of a principal (issuer and subject) or of an account (its id), for one kind of request."""

    counted: Counted
    whose: Whose
    names: tuple[str, ...]


class Verdict(Struct, frozen=True):
    """``left`` requests may follow at once; ``full_in`` seconds it is as if there had been none.

    ``wait``: seconds until the one that was refused would be taken; None: it was taken.
    """

    left: int
    full_in: float
    wait: float | None = None


class RateStore(Protocol):
    async def take(self, key: RateKey, rate: Rate) -> Verdict:
        """Count one request."""
        ...


def rate_of(rates: Rates, counted: Counted) -> Rate:
    match counted:
        case "requests":
            return rates.requests
        case "bulk":
            return rates.bulk
        case "sign-in":
            return rates.sign_in


class MemoryRates:
    """In-process store. ``clock`` is in seconds, monotonic. The bucket that was untouched longest is forgotten first.

    That one is full again, or nearly so, unless as many callers come at once as there may be buckets.
    """

    def __init__(self, clock: Callable[[], float], *, max_buckets: int = MAX_BUCKETS) -> None:
        self._clock = clock
        self._max = max_buckets
        self._buckets: OrderedDict[RateKey, tuple[float, float]] = OrderedDict()  # how full, and when

    async def take(self, key: RateKey, rate: Rate) -> Verdict:
        now, per_second = self._clock(), rate.per_minute / 60
        level, at = self._buckets.get(key, (float(rate.burst), now))
        level = min(float(rate.burst), level + max(0.0, now - at) * per_second)
        taken = level >= 1
        level -= taken
        self._buckets[key] = (level, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._max:
            self._buckets.popitem(last=False)
        wait = None if taken else (1 - level) / per_second
        return Verdict(math.floor(level), (rate.burst - level) / per_second, wait)

    def __len__(self) -> int:
        return len(self._buckets)
