"""What is told of links to whoever keeps the audit."""

from __future__ import annotations

from typing import Protocol


class Audit(Protocol):
    """Notes who did what; ``details`` are plain words and numbers, never content."""

    def record(
        self, event: str, *, issuer: str, subject: str, account: str | None = None, **details: str | int | bool | None
    ) -> None: ...


class NoAudit:
    """Nothing is noted."""

    def record(
        self, event: str, *, issuer: str, subject: str, account: str | None = None, **details: str | int | bool | None
    ) -> None:
        return None
