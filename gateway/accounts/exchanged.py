"""Exchanged tokens, kept in memory until shortly before they end; one exchange at a time for each caller's token."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from copy import copy
from typing import Final, NamedTuple, TypeVar

from msgspec import Struct

from gateway.accounts.exchange import Exchanged
from gateway.errors import ClientError, GatewayError, Unavailable
from gateway.single_flight import SingleFlight

V = TypeVar("V")

KEPT_MAX: Final = 10_000
AT_ONCE_MAX: Final = 500
"""Exchanges under way, those that wait for a turn included."""
TURNS: Final = 20
PATIENCE: Final = 15.0
"""Seconds that a request waits, its turn and the discovery included."""
REFUSED_FOR: Final = 10.0
"""Seconds in which what was refused is refused again, unasked."""
RETRY: Final = 5.0
"""Seconds after which a renewal that failed is tried again, while the old token is still good."""
LEAST: Final = 5.0
"""A token is not used in its last seconds: what is opened by it should live a little."""


class Key(NamedTuple):
    """Whose token, which one (a digest of it), and for whom."""

    issuer: str
    subject: str
    digest: str
    target: str


class _Kept(Struct):
    """``half_at``: from then on who wants the longest gets another."""

    exchanged: Exchanged
    half_at: float
    renew_at: float


class ExchangedTokens:
    """``clock`` is in epoch seconds; ``random`` gives numbers in [0, 1). Bounded, least recently used first out."""

    def __init__(self, clock: Callable[[], float], random: Callable[[], float]) -> None:
        self._clock = clock
        self._random = random
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._refused: OrderedDict[Key, tuple[ClientError, float]] = OrderedDict()
        self._flights: SingleFlight[Key, Exchanged] = SingleFlight("token exchange", AT_ONCE_MAX)
        self._turns = asyncio.Semaphore(TURNS)

    async def get(self, key: Key, exchange: Callable[[], Awaitable[Exchanged]], *, longest: bool = False) -> Exchanged:
        """A token with some life left; it is renewed ahead of its end while the old one serves.

        ``longest``: one past half its life will not do, unless no other can be had. Raises what ``exchange`` raises,
        and Unavailable.
        """
        now = self._clock()
        kept = self._kept.get(key)
        if kept is not None and now < kept.exchanged.ends_at - LEAST:
            self._kept.move_to_end(key)
            if now < (kept.half_at if longest else kept.renew_at) and not (longest and key in self._flights):
                return kept.exchanged
            flight = self._flight(key, exchange, kept)
            if not longest or flight is None:
                return kept.exchanged
            try:
                return await asyncio.shield(flight)
            except ClientError:
                raise
            except GatewayError:
                return kept.exchanged
        self._recall(key, now)
        flight = self._flight(key, exchange, None)
        if flight is None:
            raise Unavailable("too many tokens are being exchanged", retry_after=1)
        return await asyncio.shield(flight)  # one that leaves takes nothing from the others

    async def close(self) -> None:
        await self._flights.close()

    def __len__(self) -> int:
        return len(self._kept)

    def _flight(
        self, key: Key, exchange: Callable[[], Awaitable[Exchanged]], kept: _Kept | None
    ) -> asyncio.Task[Exchanged] | None:
        new = key not in self._flights
        flight = self._flights.join(key, lambda: self._exchange(key, exchange))
        if new and flight is not None and kept is not None:
            # not by each request that comes meanwhile, where this one fails
            kept.renew_at = kept.half_at = self._clock() + RETRY
        return flight

    async def _exchange(self, key: Key, exchange: Callable[[], Awaitable[Exchanged]]) -> Exchanged:
        try:
            async with asyncio.timeout(PATIENCE), self._turns:
                exchanged = await exchange()
        except TimeoutError as late:
            raise Unavailable("the issuer can't be asked for a token that opens the mail server") from late
        except ClientError as refused:
            self._kept.pop(key, None)  # the old one is good still, but the caller no more
            _put(self._refused, key, (refused, self._clock() + REFUSED_FOR))
            raise
        now = self._clock()
        life = exchanged.ends_at - now
        _put(self._kept, key, _Kept(exchanged, now + life / 2, now + life * (0.7 + 0.15 * self._random())))
        return exchanged

    def _recall(self, key: Key, now: float) -> None:
        refused, until = self._refused.get(key, (None, 0.0))
        if refused is not None and until - REFUSED_FOR <= now < until:
            raise copy(refused)
        self._refused.pop(key, None)


def _put(table: OrderedDict[Key, V], key: Key, value: V) -> None:
    table[key] = value
    table.move_to_end(key)
    if len(table) > KEPT_MAX:
        table.popitem(last=False)
