"""Timers by the thousand: whoever waits a while waits here, and the event loop has one timer for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import ceil
from typing import Final

TICK: Final = 0.1
"""Seconds by which a call may be late."""
SLICE: Final = 200
"""So many are called at one go; then others have their turn at the event loop."""


class Spoke:
    """One call that is to come."""

    __slots__ = ("call", "slot")

    def __init__(self, slot: int, call: Callable[[], None]) -> None:
        self.slot, self.call = slot, call


class Wheel:
    """Never early, a tick late at most. It belongs to the event loop that runs when it is first set."""

    __slots__ = ("_next", "_slots", "_timer")

    def __init__(self) -> None:
        self._slots: dict[int, dict[Spoke, None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0

    def set(self, seconds: float, call: Callable[[], None]) -> Spoke:
        """``call`` in so many seconds."""
        loop = asyncio.get_running_loop()
        slot = ceil((loop.time() + max(0.0, seconds)) / TICK)
        spoke = Spoke(slot, call)
        self._slots.setdefault(slot, {})[spoke] = None
        if self._timer is None or slot < self._next:
            self._arm(loop, slot)
        return spoke

    def cancel(self, spoke: Spoke) -> None:
        """Not to be called any more; harmless where it was."""
        others = self._slots.get(spoke.slot)
        if others is not None:
            others.pop(spoke, None)
            if not others:
                del self._slots[spoke.slot]

    def _arm(self, loop: asyncio.AbstractEventLoop, slot: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._next = slot
        self._timer = loop.call_at(slot * TICK, self._turn)

    def _turn(self) -> None:
        """Call what is due, the rest of it as soon as others had their turn."""
        loop, self._timer = asyncio.get_running_loop(), None
        left = SLICE
        while self._slots and left:
            slot = min(self._slots)
            if slot * TICK > loop.time() + TICK / 2:
                break
            due = self._slots[slot]
            while due and left:
                spoke = next(iter(due))
                del due[spoke]
                left -= 1
                spoke.call()
            if not due:
                self._slots.pop(slot, None)
        if self._slots and self._timer is None:
            self._arm(loop, min(self._slots))
