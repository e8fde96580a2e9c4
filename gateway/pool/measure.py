"""What the pool tells about itself in numbers."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

Kind: TypeAlias = Literal["pool", "watcher"]
OpenOutcome: TypeAlias = Literal["ok", "refused", "unreachable", "tls", "timeout", "malformed"]
LeaseOutcome: TypeAlias = Literal["ok", "queue-full", "timeout", "circuit-open", "failed"]


class PoolMetrics(Protocol):
    """``provider`` is a configured name. A connection that changes its kind is closed as one, opened as the other."""

    def connection_opened(self, provider: str, kind: Kind) -> None: ...

    def connection_closed(self, provider: str, kind: Kind) -> None: ...

    def open_attempt(self, provider: str, outcome: OpenOutcome) -> None: ...

    def lease_waited(self, provider: str, outcome: LeaseOutcome, seconds: float) -> None: ...

    def lease_taken(self, provider: str) -> None: ...

    def lease_returned(self, provider: str) -> None: ...
