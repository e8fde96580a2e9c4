"""Tokens verified a moment ago, so that a busy client's token is not verified on each request."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256

from msgspec import Struct

from gateway.identity.principal import Principal

KEPT_FOR = 60.0  # seconds at most; also ends with the token, and with the key set it was verified with
KEPT_MAX = 10_000


class Verified(Struct, frozen=True):
    principal: Principal
    since: float
    until: float
    version: str


class VerifiedTokens:
    """Bounded, least recently used first out; keyed by digest, so the token is not held as a key."""

    def __init__(self, size: int = KEPT_MAX) -> None:
        self._size = size
        self._entries: OrderedDict[bytes, Verified] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, token: str, now: float) -> Verified | None:
        """The entry, where its time has not passed. The caller checks ``version`` against the issuer's."""
        digest = _digest(token)
        entry = self._entries.get(digest)
        if entry is None:
            return None
        if not entry.since <= now < entry.until:
            del self._entries[digest]
            return None
        self._entries.move_to_end(digest)
        return entry

    def keep(self, token: str, principal: Principal, now: float, version: str) -> None:
        until = min(now + KEPT_FOR, principal.expires_at)
        self._entries[_digest(token)] = Verified(principal, now, until, version)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)


def _digest(token: str) -> bytes:
    return sha256(token.encode("ascii")).digest()
