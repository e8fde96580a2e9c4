"""How often a caller may have foreign servers tried: each try costs connections, and could be a guess at a password."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from gateway.errors import TooManyRequests
from gateway.identity.principal import Principal

WINDOW: Final = 60.0  # seconds
CALLERS_MAX: Final = 10_000


class Tries:
    """``most`` in any minute, for each caller by itself. ``clock`` is monotonic, in seconds."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most = most
        self._clock = clock
        self._times: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def take(self, caller: Principal) -> None:
        """Counts one. Raises TooManyRequests, with the time until the next one."""
        now = self._clock()
        key = (caller.issuer, caller.subject)
        times = self._times.setdefault(key, deque())
        self._times.move_to_end(key)
        while times and times[0] <= now - WINDOW:
            times.popleft()
        if len(times) >= self._most:
            raise TooManyRequests("servers were tried too often", retry_after=times[0] + WINDOW - now)
        times.append(now)
        if len(self._times) > CALLERS_MAX:
            self._times.popitem(last=False)
