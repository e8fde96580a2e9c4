"""What clients with an event stream share: how they are cut, stall and sleep, and how they wait for the last event."""

from __future__ import annotations

import asyncio
from abc import abstractmethod

from .client import Client
from .fleet import passed
from .line import Event, EventLine

STEP = 0.1


class StreamClient(Client):
    """At the end its stream stays open: what was told live must be enough."""

    line: EventLine | None = None

    @abstractmethod
    async def opened(self) -> EventLine | None:
        """A new stream from where the cache stands, or None where there is nothing to be watched."""

    @abstractmethod
    async def told(self, event: Event) -> bool:
        """Take in one event; whether the stream goes on."""

    async def episode(self, stop: asyncio.Event) -> None:
        for _ in range(self.random.randrange(1, 40)):
            if stop.is_set():
                return
            await self.rest(STEP)
        match self.random.choice(("stay", "stay", "cut", "sleep", "stall")):
            case "cut":
                await self._cut()
            case "sleep":
                await self._cut()
                await passed(stop, self.random.uniform(0.1, 4))
            case "stall":
                self.did["stalls"] += 1
                await passed(stop, self.random.uniform(0.1, 3))

    async def rest(self, seconds: float) -> bool:
        """Read on for so long; never sure that it has all."""
        if self.line is None:
            self.line = await self.opened()
            if self.line is None:
                await asyncio.sleep(seconds)
                return False
            self.did["streams"] += 1
        event = await self.line.next(seconds)
        if event is not None:
            self.did["events"] += 1
            if not await self.told(event):
                await self.dropped()
        return False

    async def dropped(self) -> None:
        line, self.line = self.line, None
        if line is not None:
            await line.leave()

    async def _cut(self) -> None:
        self.did["cuts"] += 1
        self.note("hangs up")
        await self.dropped()
