"""What was done and what was told, the latest last: enough to understand a difference from its report."""

from __future__ import annotations

import time
from collections import deque
from typing import Final

KEPT: Final = 6_000
SHOWN: Final = 160


class Journal:
    """One journal a world; lines from several threads, in the order in which they came."""

    def __init__(self) -> None:
        self._lines: deque[tuple[float, str, str]] = deque(maxlen=KEPT)
        self._began = time.monotonic()

    def note(self, who: str, text: str) -> None:
        self._lines.append((time.monotonic() - self._began, who, text))

    def tail(self, who: str, most: int = SHOWN) -> str:
        """The last mutations and gateways' deaths, and what ``who`` did and was told."""
        wanted = {who, "fuzzer", "fleet"}
        lines = [(at, name, text) for at, name, text in tuple(self._lines) if name in wanted]
        return "\n".join(f"{at:9.3f} {name:>14} | {text}" for at, name, text in lines[-most:])
