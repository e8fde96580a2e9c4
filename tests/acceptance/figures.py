"""Figures of the acceptance runs: shown with ``pytest -s``, and kept as the test's properties."""

from __future__ import annotations

import time
from collections.abc import Callable

POLL = 0.02


def show(title: str, **figures: object) -> None:
    values = "  ".join(f"{name.replace('_', ' ')}: {_text(value)}" for name, value in figures.items())
    print(f"\n    {title} | {values}")


def _text(value: object) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def settled(read: Callable[[], bool], seconds: float = 20) -> bool:
    """Ask an external counter until it says yes; False where it has not within the deadline."""
    deadline = time.monotonic() + seconds
    while not read():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True
