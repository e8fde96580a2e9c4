"""How long to wait before the next try: longer each time, never in step with others."""

from __future__ import annotations

from collections.abc import Callable

FIRST = 0.5
LONGEST = 60.0


class Backoff:
    """Doubles from half a second to a minute; each wait is drawn from the upper half of its span."""

    def __init__(self, random: Callable[[], float], failures: int = 0) -> None:
        self._random = random
        self._failures = failures

    @property
    def failures(self) -> int:
        """How often in a row it has failed."""
        return self._failures

    def failed(self) -> float:
        """Seconds to wait after one more failure."""
        span: float = min(LONGEST, FIRST * 2.0 ** min(self._failures, 10))
        self._failures += 1
        return span * (0.5 + self._random() / 2)

    def chance(self) -> float:
        """A draw from [0, 1), for whatever else should not be in step with others."""
        return self._random()

    def worked(self) -> None:
        self._failures = 0
