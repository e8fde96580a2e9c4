"""How much work a computation is, measured so that a busy machine is no failure."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

MOMENT: Final = 0.05
"""Seconds of this thread's processor time that leave no doubt: on a tenth of a megabyte, quadratic takes seconds."""
SLOWEST: Final = 3.0
_STEP: Final = 8  # with so much more input linear work grows by this, quadratic work by its square
_TRIES: Final = 5


def seconds(work: Callable[[], object]) -> float:
    """Processor time of this thread."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


def least(work: Callable[[], object], enough: float) -> float:
    """The least of a few tries, for what else runs can only add; the first below ``enough`` is enough."""
    best = seconds(work)
    for _ in range(_TRIES - 1):
        if best < enough:
            break
        best = min(best, seconds(work))
    return best


def linear(work: Callable[[bytes], object], unit: bytes, size: int) -> bool:
    """Whether ``size`` octets of repeated ``unit`` take a moment, or in proportion to a shorter run."""
    whole, part = (unit * (length // len(unit)) for length in (size, size // _STEP))
    spent = least(lambda: work(whole), MOMENT)
    if spent < MOMENT:
        return True
    return spent < SLOWEST and spent < least(lambda: work(part), 0) * _STEP * 3
