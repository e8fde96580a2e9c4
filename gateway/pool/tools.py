"""What the pool is given to work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gateway.pool.measure import PoolMetrics
from gateway.settings.model import Limits


@dataclass(frozen=True, slots=True)
class Tools:
    """``clock`` is seconds since the epoch, for the expiry of credentials; ``timer`` is monotonic, for all else.

    ``random`` gives numbers in [0, 1).
    """

    limits: Limits
    clock: Callable[[], float]
    timer: Callable[[], float]
    random: Callable[[], float]
    metrics: PoolMetrics | None
