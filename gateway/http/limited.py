"""Counting a request, and telling the client how much is left.

The header fields are those of draft-ietf-httpapi-ratelimit-headers-11, work in progress that may change.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from starlette.types import Scope

from gateway.errors import TooManyRequests
from gateway.http.rates import Counted, RateKey, Verdict, Whose, rate_of
from gateway.http.services import Services
from gateway.identity.principal import Principal
from gateway.settings.model import Rate

POLICY: Final = "RateLimit-Policy"
LEFT: Final = "RateLimit"
MEANING: Final = {
    POLICY: "the limits that this request counts in, each of `q` requests in `w` seconds "
    "(draft-ietf-httpapi-ratelimit-headers, work in progress)",
    LEFT: "of each: `r` requests are left, and none will be missing after `t` seconds",
}
COUNTED: Final = "gateway.counted"
_SEEN: Final = "gateway.rates"


class RateLimited(TooManyRequests):
    """The caller, or all callers of the account together, asked too often."""


def begin(scope: Scope, counted: Counted) -> None:
    """From here on the answer tells what is left."""
    scope[COUNTED] = counted
    scope[_SEEN] = {}


async def count_caller(scope: Scope, services: Services, caller: Principal, counted: Counted) -> None:
    """Raises RateLimited."""
    await _count(scope, services, RateKey(counted, "caller", (caller.issuer, caller.subject)))


async def count_account(scope: Scope, services: Services, account_id: str) -> None:
    """Whoever it is that asks. Raises RateLimited."""
    counted: Counted = scope.get(COUNTED, "requests")
    await _count(scope, services, RateKey(counted, "account", (account_id,)))


def told(scope: Scope) -> list[tuple[bytes, bytes]]:
    """The header fields of an answer, where the request was counted."""
    seen: Mapping[str, tuple[Rate, Verdict]] | None = scope.get(_SEEN)
    if not seen:
        return []
    policy = ", ".join([f'"{name}";q={rate.burst};w={_window(rate)}' for name, (rate, _) in seen.items()])
    left = ", ".join(
        [f'"{name}";r={verdict.left};t={math.ceil(verdict.full_in)}' for name, (_, verdict) in seen.items()]
    )
    return [(b"ratelimit-policy", policy.encode("ascii")), (b"ratelimit", left.encode("ascii"))]


def forget(scope: Scope) -> None:
    """Of an answer that has begun, and may take hours."""
    scope.pop(_SEEN, None)


async def _count(scope: Scope, services: Services, key: RateKey) -> None:
    rates = services.settings.rates
    if not rates.enabled:
        return
    rate = rate_of(rates, key.counted)
    verdict = await services.rates.take(key, rate)
    scope.setdefault(_SEEN, {})[f"{key.counted}-{key.whose}"] = (rate, verdict)
    if verdict.wait is not None:
        services.metrics.rate_limited(key.counted, key.whose)
        raise RateLimited(_reason(key.counted, key.whose), retry_after=math.ceil(verdict.wait))


def _reason(counted: Counted, whose: Whose) -> str:
    what = {"requests": "requests", "bulk": "requests for bulk work", "sign-in": "sign-ins"}[counted]
    return f"too many {what} {'of this caller' if whose == 'caller' else 'for this account'}"


def _window(rate: Rate) -> int:
    """Seconds in which an empty bucket fills."""
    return max(1, math.ceil(rate.burst * 60 / rate.per_minute))
