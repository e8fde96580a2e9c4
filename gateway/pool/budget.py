"""How many connections one user of a mail server may have here: those for requests, and those that watch."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from gateway.settings.model import Limits


class Usage(NamedTuple):
    """``allowed`` for this process in all, at most ``pool`` for requests and ``watchers`` to watch; ``in_use`` now."""

    allowed: int
    pool: int
    watchers: int
    in_use: int


class Budget(Struct, frozen=True):
    """Neither sort starves the other: one is kept for watching, and one can always be had for requests.

    A budget of one has no room to watch: requests come first.
    """

    allowed: int
    pooled: int

    @classmethod
    def of(cls, limits: Limits) -> Budget:
        """This process's share of what the provider allows, which all replicas divide evenly."""
        return cls(max(1, limits.provider_connections_per_account // limits.replicas), limits.connections_per_account)

    def lowered(self, allowed: int) -> Budget:
        """What is left where the server turned out to allow less."""
        return Budget(max(1, min(self.allowed, allowed)), self.pooled)

    def pool(self, watchers: int) -> int:
        """Most connections for requests, beside so many that watch."""
        return max(1, min(self.pooled, self.allowed - max(1, watchers)))

    @property
    def watchers(self) -> int:
        return self.allowed - 1
