"""How many go through at one time, by what they go to: the rest wait their turn, first come first served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class Gates:
    """A gate for each key, ``width`` wide, which is there only while somebody is at it."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._gates: dict[Hashable, _Gate] = {}

    @asynccontextmanager
    async def through(self, key: Hashable) -> AsyncIterator[None]:
        """Waits until there is room, and takes it until the block ends."""
        gate = self._gates.get(key)
        if gate is None:
            gate = self._gates[key] = _Gate(self._width)
        gate.visitors += 1
        try:
            async with gate.room:
                yield
        finally:
            gate.visitors -= 1
            if not gate.visitors:
                del self._gates[key]

    def __len__(self) -> int:
        return len(self._gates)


class _Gate:
    __slots__ = ("room", "visitors")

    def __init__(self, width: int) -> None:
        self.room = asyncio.Semaphore(width)
        self.visitors = 0
