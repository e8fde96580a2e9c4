"""Proofs that were used, so that none is used twice (RFC 9449 section 11.1). Bounded, and never at the cost of that.

What is remembered of a key is what still may come again. Where that is too much, the oldest half is forgotten, and from
then on proofs as old as those are refused: a client whose clock is right does not notice, and no other key is affected.
"""

from __future__ import annotations

from hashlib import sha256
from heapq import heappop, heappush

from msgspec import Struct, field

USED_MAX = 2_000
"""Proofs of one key."""
TOTAL_MAX = 200_000
"""Proofs of all keys; an entry takes some 200 octets."""


class _Used(Struct):
    """One key's proofs. ``floor``: proofs made then or before are refused."""

    by_age: list[tuple[float, bytes]] = field(default_factory=list)
    ids: set[bytes] = field(default_factory=set)
    floor: float = -1.0

    def drop_oldest(self) -> None:
        issued, digest = heappop(self.by_age)
        self.ids.discard(digest)
        self.floor = max(self.floor, issued)

    def expire(self, before: float) -> int:
        """Forget what is too old to be accepted anyway; how many that were."""
        held = len(self.by_age)
        while self.by_age and self.by_age[0][0] < before:
            self.ids.discard(heappop(self.by_age)[1])
        return held - len(self.by_age)


class UsedProofs:
    """``window``: seconds after which a proof is too old to be accepted, wherever it is checked."""

    def __init__(self, window: float, *, most: int = USED_MAX, total: int = TOTAL_MAX) -> None:
        self._window = window
        self._most = most
        self._total = total
        self._keys: dict[str, _Used] = {}
        self._size = 0
        self._swept = 0.0

    def __len__(self) -> int:
        return self._size

    def take(self, key: str, proof_id: str, issued: float, now: float) -> bool:
        """Whether this is the proof's first use, as far as can be told. ``key`` is the thumbprint."""
        self._sweep(now)
        used = self._keys.setdefault(key, _Used())
        self._size -= used.expire(now - self._window)
        digest = sha256(proof_id.encode()).digest()
        if digest in used.ids or issued <= used.floor:
            return False
        used.ids.add(digest)
        heappush(used.by_age, (issued, digest))
        self._size += 1
        if len(used.ids) > self._most:
            self._halve(used)
        if self._size > self._total:
            self._halve(max(self._keys.values(), key=lambda each: len(each.ids)))
        return True

    def _halve(self, used: _Used) -> None:
        for _ in range((len(used.by_age) + 1) // 2):
            used.drop_oldest()
            self._size -= 1

    def _sweep(self, now: float) -> None:
        """Once in a window, drop the keys that are not used any more."""
        if 0 <= now - self._swept < self._window:
            return
        self._swept = now
        before = now - self._window
        for key, used in list(self._keys.items()):
            self._size -= used.expire(before)
            if not used.ids and used.floor < before:
                del self._keys[key]
