"""One at a time: who wants what is being got already waits for that, and does not have it got twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """What is under way, by key: at most ``most`` at once (None: any number). ``name`` is that of the tasks.

    A flight goes on where those who wait for it leave, and ends by itself; what it raises goes to all who wait.
    """

    def __init__(self, name: str, most: int | None = None) -> None:
        self._name = name
        self._most = most
        self._flights: dict[K, asyncio.Task[V]] = {}

    def join(self, key: K, work: Callable[[], Coroutine[Any, Any, V]]) -> asyncio.Task[V] | None:
        """The flight for ``key``: that under way, or else one that does ``work``; None where there is no room for it.

        Whoever may be cancelled waits for it in :func:`asyncio.shield`: one that leaves takes nothing from the others.
        """
        flight = self._flights.get(key)
        if flight is not None and not flight.done():
            return flight
        if self._most is not None and len(self) >= self._most:
            return None
        flight = asyncio.create_task(work(), name=self._name)
        self._flights[key] = flight
        flight.add_done_callback(lambda done: self._landed(key, done))
        return flight

    async def finish(self) -> None:
        """Until all that are under way have ended, however that was."""
        await asyncio.gather(*self._flights.values(), return_exceptions=True)

    async def close(self) -> None:
        """Break off all that are under way."""
        for flight in self._flights.values():
            flight.cancel()
        await self.finish()

    def __contains__(self, key: K) -> bool:
        flight = self._flights.get(key)
        return flight is not None and not flight.done()

    def __len__(self) -> int:
        return len(self._flights)

    def _landed(self, key: K, flight: asyncio.Task[V]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # read once, so that one that nobody waits for any more is no warning
