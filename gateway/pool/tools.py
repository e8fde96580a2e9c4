"""What the pool is given to work with."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from gateway.pool.measure import PoolMetrics
from gateway.settings.model import Limits


class Tools(Struct, frozen=True):
    """``clock`` is seconds since the epoch, for the expiry of credentials; ``timer`` is monotonic, for all else.

    ``random`` gives numbers in [0, 1).
    """

    limits: Limits
    clock: Callable[[], float]
    timer: Callable[[], float]
    random: Callable[[], float]
    metrics: PoolMetrics | None
