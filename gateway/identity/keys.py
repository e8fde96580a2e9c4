"""The life of an issuer's keys: from a file, or fetched from the issuer and kept fresh."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import httpx
from msgspec import Struct

from gateway.errors import Unavailable
from gateway.identity.discovery import discover
from gateway.identity.fetch import Document, FetchFailed, fetch
from gateway.identity.key_file import FileKeys
from gateway.identity.keyset import KeySet, KeySetUnreadable, SigningKey, read_key_set
from gateway.log import logger
from gateway.metrics import FetchOutcome

LIFETIME_MIN = 300.0  # seconds; a careless Cache-Control must not make us ask the issuer all the time
LIFETIME_MAX = 86_400.0  # seconds; a withdrawn key is gone after a day at the latest
LIFETIME_DEFAULT = 3_600.0
AHEAD = 0.8  # of its lifetime: then a set is fetched anew, so that no request ever waits for it
FORCED_EVERY = 30.0  # seconds between refetches that unknown key ids may cause
RETRY_FIRST = 2.0  # seconds after a failed fetch, doubled with each further one
RETRY_MAX = 60.0
DISCOVERY_LIFETIME = 86_400.0
SLICE_MIN, SLICE_MAX = 0.05, 60.0  # seconds that the keeper sleeps at a time

_log = logger("gateway.identity.keys")


class KeySource(Protocol):
    """Where an issuer's keys come from."""

    @property
    def version(self) -> str:
        """Changes when the keys do: whatever was verified with another version must be verified again."""

    @property
    def algorithms(self) -> frozenset[str]:
        """What the keys at hand can verify."""

    def at_hand(self, kid: str | None, alg: str) -> tuple[SigningKey, ...]:
        """Fitting keys of the present set, without waiting."""

    async def prepare(self, kid: str | None, alg: str) -> None:
        """Do what may be done to have a fitting key at hand. Raises Unavailable where there is no key set at all."""

    async def start(self) -> None: ...

    async def close(self) -> None: ...


class Held(Struct, frozen=True):
    """A fetched set and its times, in seconds of the clock."""

    keys: KeySet
    renew_at: float
    fresh_until: float


def lifetime(max_age: int | None) -> float:
    """How long a set is held as fresh, in seconds, by the answer's Cache-Control."""
    if max_age is None:
        return LIFETIME_DEFAULT
    return min(max(float(max_age), LIFETIME_MIN), LIFETIME_MAX)


class RemoteKeys:
    """An issuer's keys by discovery: fetched ahead, one fetch at a time, the old set kept while the issuer is down."""

    def __init__(
        self,
        issuer: str,
        http: httpx.AsyncClient,
        clock: Callable[[], float],
        *,
        jitter: Callable[[], float] = random.random,
        on_fetch: Callable[[FetchOutcome], None] | None = None,
    ) -> None:
        self._issuer = issuer
        self._http = http
        self._clock = clock
        self._jitter = jitter
        self._on_fetch = on_fetch or (lambda outcome: None)
        self._held: Held | None = None
        self._jwks_uri: tuple[str, float] | None = None  # and when it was discovered
        self._forced_at: float | None = None
        self._retry_at: float | None = None
        self._failures = 0
        self.failure = ""
        """Why the last fetch failed, with the URLs that were asked: for operators, not for callers."""
        self._flight: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def version(self) -> str:
        return self._held.keys.version if self._held else ""

    @property
    def algorithms(self) -> frozenset[str]:
        return self._held.keys.algorithms if self._held else frozenset()

    def at_hand(self, kid: str | None, alg: str) -> tuple[SigningKey, ...]:
        return self._held.keys.fitting(kid, alg) if self._held else ()

    async def prepare(self, kid: str | None, alg: str) -> None:
        if self._is_wanting():
            await self._refresh()
        if self._held is None:
            raise Unavailable("the issuer's keys can't be fetched", retry_after=RETRY_FIRST)
        if not self.at_hand(kid, alg) and (self._flight is not None or self._may_force()):
            await self._refresh()

    async def start(self) -> None:
        """Fetch the first set, and from then on ahead of its time. An issuer that is down is no error here."""
        if self._keeper is None:
            await self._refresh()
            self._keeper = asyncio.create_task(self._keep(), name="issuer keys")

    async def close(self) -> None:
        tasks = [task for task in (self._keeper, self._flight) if task is not None]
        self._keeper = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def due_in(self) -> float:
        """Seconds until the set is to be fetched anew."""
        now = self._clock()
        if self._retry_at is not None:
            return max(self._retry_at - now, 0.0)
        return max(self._held.renew_at - now, 0.0) if self._held else 0.0

    async def _keep(self) -> None:
        while True:
            # in slices, so that a clock that jumps (suspend, correction) is noticed
            await asyncio.sleep(min(max(self.due_in(), SLICE_MIN), SLICE_MAX))
            if self.due_in() <= 0:
                await self._refresh()

    def _is_wanting(self) -> bool:
        """Whether a request should wait for a fetch: nothing is held, or what is held is past its lifetime."""
        if self._held is None and self._flight is not None:
            return True
        return (self._held is None or self._clock() >= self._held.fresh_until) and not self._must_rest()

    def _must_rest(self) -> bool:
        """Whether the last fetch failed and its back-off has not passed."""
        return self._retry_at is not None and 0 <= self._retry_at - self._clock() <= RETRY_MAX

    def _may_force(self) -> bool:
        now = self._clock()
        if self._forced_at is not None and 0 <= now - self._forced_at < FORCED_EVERY:
            return False
        self._forced_at = now
        return True

    async def _refresh(self) -> None:
        """Join the fetch under way, or begin one. A caller that leaves does not end it for the others."""
        if self._flight is None:
            self._flight = asyncio.create_task(self._fetch(), name="issuer keys fetch")
            self._flight.add_done_callback(self._landed)
        await asyncio.shield(self._flight)

    def _landed(self, flight: asyncio.Task[None]) -> None:
        if self._flight is flight:
            self._flight = None

    async def _fetch(self) -> None:
        try:
            document = await self._document()
            keys = read_key_set(document.body)
        except FetchFailed as failed:
            self._failed(str(failed))
            return
        except KeySetUnreadable as failed:
            self._failed(f"{self._jwks_uri[0] if self._jwks_uri else self._issuer}: {failed}")
            return
        now, life = self._clock(), lifetime(document.max_age)
        if keys.version != self.version:
            _log.info("keys changed", issuer=self._issuer, keys=len(keys.keys), skipped=keys.skipped)
        self._held = Held(keys, renew_at=now + life * (AHEAD - self._jitter() / 10), fresh_until=now + life)
        self._failures, self._retry_at, self.failure = 0, None, ""
        self._on_fetch("ok")

    async def _document(self) -> Document:
        now = self._clock()
        if self._jwks_uri is None or now - self._jwks_uri[1] >= DISCOVERY_LIFETIME:
            self._jwks_uri = (await discover(self._http, self._issuer, "jwks_uri"), now)
        uri = self._jwks_uri[0]
        try:
            return await fetch(self._http, uri)
        except FetchFailed as failed:
            raise FetchFailed(f"{uri}: {failed}") from failed

    def _failed(self, reason: str) -> None:
        self.failure = reason
        self._jwks_uri = None  # it may have moved: discovery comes first next time
        back_off = min(RETRY_FIRST * 2.0**self._failures, RETRY_MAX)
        self._failures = min(self._failures + 1, 10)
        self._retry_at = self._clock() + back_off * (1 - self._jitter() / 4)
        _log.warning("keys not fetched", issuer=self._issuer, reason=reason, kept=self._held is not None)
        self._on_fetch("failed")


def key_source(
    jwks_file: str | os.PathLike[str] | None,
    issuer: str,
    http: httpx.AsyncClient,
    clock: Callable[[], float],
    on_fetch: Callable[[FetchOutcome], None] | None,
) -> KeySource:
    """The file where one is configured, discovery otherwise."""
    if jwks_file is not None:
        return FileKeys(Path(jwks_file))
    return RemoteKeys(issuer, http, clock, on_fetch=on_fetch)
