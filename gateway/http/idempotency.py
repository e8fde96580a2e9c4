"""First answers by Idempotency-Key, kept for a while behind a small interface.

The in-process store serves one replica; several need one that they share.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

from msgspec import Struct

from gateway.errors import Conflict, Unavailable

TTL_SECONDS: Final = 24 * 3600.0
MAX_ENTRIES: Final = 20_000
MAX_OCTETS: Final = 32 * 1024 * 1024
_ENTRY_OCTETS: Final = 512
"""What an entry costs beside the answer's own octets, roughly."""


class IdempotencyKey(Struct, frozen=True):
    """One caller's key on one route; another caller's same key is another key."""

    issuer: str
    subject: str
    route: str
    value: str


class SavedReply(Struct, frozen=True):
    """An answer, and the fingerprint of the request that it was given to."""

    fingerprint: bytes
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def octets(self) -> int:
        return _ENTRY_OCTETS + len(self.body) + sum(len(name) + len(value) for name, value in self.headers)


class IdempotencyStore(Protocol):
    """Each key is claimed once; who claimed it finishes or releases it."""

    async def begin(self, key: IdempotencyKey) -> SavedReply | None:
        """The first answer, or None: the key is now the caller's. Raises Conflict while another request holds it."""
        ...

    async def finish(self, key: IdempotencyKey, reply: SavedReply) -> None:
        """Keep the answer for the key's next users."""
        ...

    async def release(self, key: IdempotencyKey) -> None:
        """Forget the claim: nothing was done."""
        ...


class _Kept(Struct, frozen=True):
    until: float
    reply: SavedReply


class MemoryIdempotency:
    """In-process store, bounded in entries, octets and time. ``clock`` is in seconds, monotonic or not."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        ttl: float = TTL_SECONDS,
        max_entries: int = MAX_ENTRIES,
        max_octets: int = MAX_OCTETS,
    ) -> None:
        self._clock = clock
        self._ttl = ttl
        self._max_entries = max_entries
        self._max_octets = max_octets
        self._claimed: set[IdempotencyKey] = set()
        self._kept: OrderedDict[IdempotencyKey, _Kept] = OrderedDict()
        self._octets = 0

    async def begin(self, key: IdempotencyKey) -> SavedReply | None:
        self._expire()
        kept = self._kept.get(key)
        if kept is not None:
            return kept.reply
        if key in self._claimed:
            raise Conflict("a request with this key is still being served", field="Idempotency-Key", retry_after=1)
        if len(self._claimed) >= self._max_entries:
            raise Unavailable("too many requests with an Idempotency-Key are being served")
        self._claimed.add(key)
        return None

    async def finish(self, key: IdempotencyKey, reply: SavedReply) -> None:
        self._claimed.discard(key)
        self._drop(key)
        self._kept[key] = _Kept(self._clock() + self._ttl, reply)
        self._octets += reply.octets()
        while len(self._kept) > self._max_entries or self._octets > self._max_octets:
            self._drop(next(iter(self._kept)))

    async def release(self, key: IdempotencyKey) -> None:
        self._claimed.discard(key)

    def _expire(self) -> None:
        """Entries are in the order they were kept, so those past their time come first."""
        now = self._clock()
        while self._kept:
            oldest = next(iter(self._kept))
            if self._kept[oldest].until > now:
                return
            self._drop(oldest)

    def _drop(self, key: IdempotencyKey) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._octets -= kept.reply.octets()

    def __repr__(self) -> str:
        return f"MemoryIdempotency({len(self._claimed)} claimed, {len(self._kept)} kept, {self._octets} octets)"
