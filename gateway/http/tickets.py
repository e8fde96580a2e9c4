"""Tickets: what opens one stream of events, once, for a client that can't send a header, behind a small interface.

The in-process store serves one replica; several need one that they share (take is then one atomic read and delete).
"""

from __future__ import annotations

import secrets
from collections import Counter, OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import Final, Protocol

from msgspec import Struct

from gateway.errors import Reply, TooManyRequests, Unauthenticated, Unavailable
from gateway.http.query import Query
from gateway.identity.principal import Principal
from gateway.secret import Reticent

SECONDS: Final = 30.0
"""How long a ticket may lie before it is used."""
PER_PRINCIPAL: Final = 32
MAX_TICKETS: Final = 10_000
MAX_CHARACTERS: Final = 16 * 1024 * 1024
"""Of the queries that all tickets stand for."""
_TICKET_OCTETS: Final = 32


class TicketRefused(Unauthenticated):
    """A ticket that opens nothing, or nothing any more; which of these it is nobody is told."""

    reply = Reply("ticket-refused", 401, "The ticket is spent, expired or unknown")

    def __init__(self) -> None:
        super().__init__(
            "a ticket opens one stream, once, within 30 seconds of being given out; take a new one, "
            "and pass since= there to go on from what you heard last"
        )


class Grant(Reticent, frozen=True):
    """What a ticket stands for: who took it, for which account and query. ``size``: characters of the latter."""

    principal: Principal
    account_id: str
    query: Query
    size: int

    @property
    def owner(self) -> tuple[str, str]:
        return self.principal.issuer, self.principal.subject


class TicketStore(Protocol):
    """Keeps grants by the hash of their ticket."""

    async def put(self, digest: bytes, grant: Grant, seconds: float) -> None:
        """Keep it for so long. Raises TooManyRequests, Unavailable."""
        ...

    async def take(self, digest: bytes) -> Grant | None:
        """The grant, which is no more in the store then; None where there is none, or none any more."""
        ...


def new_ticket() -> str:
    """256 random bits, URL-safe."""
    return secrets.token_urlsafe(_TICKET_OCTETS)


def digest_of(ticket: str) -> bytes:
    """What is kept of a ticket. It is random throughout, so its hash needs neither salt nor slowness."""
    return sha256(ticket.encode("utf-8", "surrogatepass")).digest()


class _Kept(Struct, frozen=True):
    until: float
    grant: Grant


class MemoryTickets:
    """In-process store, bounded by principal, in all, and in time. ``clock`` is in seconds, monotonic or not."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        per_principal: int = PER_PRINCIPAL,
        most: int = MAX_TICKETS,
        max_characters: int = MAX_CHARACTERS,
    ) -> None:
        self._clock = clock
        self._per_principal = per_principal
        self._most = most
        self._max_characters = max_characters
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._owned: Counter[tuple[str, str]] = Counter()
        self._characters = 0

    async def put(self, digest: bytes, grant: Grant, seconds: float) -> None:
        self._expire()
        if self._owned[grant.owner] >= self._per_principal:
            raise TooManyRequests("too many of your tickets are unused; use them or let them expire", retry_after=5)
        if len(self._kept) >= self._most or self._characters + grant.size > self._max_characters:
            raise Unavailable("too many tickets are unused")
        self._kept[digest] = _Kept(self._clock() + seconds, grant)
        self._owned[grant.owner] += 1
        self._characters += grant.size

    async def take(self, digest: bytes) -> Grant | None:
        """Atomic: nothing is awaited between looking and removing."""
        self._expire()
        kept = self._kept.get(digest)
        if kept is None:
            return None
        self._drop(digest)
        return kept.grant if kept.until > self._clock() else None

    def _expire(self) -> None:
        """A ticket whose token ends sooner may lie behind others, for half a minute at most."""
        now = self._clock()
        while self._kept and (oldest := next(iter(self._kept))) and self._kept[oldest].until <= now:
            self._drop(oldest)

    def _drop(self, digest: bytes) -> None:
        grant = self._kept.pop(digest).grant
        self._characters -= grant.size
        self._owned[grant.owner] -= 1
        if not self._owned[grant.owner]:
            del self._owned[grant.owner]

    def __repr__(self) -> str:
        return f"MemoryTickets({len(self._kept)} kept)"
