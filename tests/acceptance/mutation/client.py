"""What a client of the mutation test is, and what all of them share."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from tests.acceptance.caller import Reply

from .cache import Cache
from .difference import differences
from .fleet import Fleet, passed
from .journal import Journal
from .line import Away, ask
from .truth import Truth

SETTLING: Final = 60.0
"""Seconds that a client has, once all is quiet, to be right; it takes a moment where nothing is wrong."""


@dataclass(frozen=True)
class Surroundings:
    """What a client finds: gateways, the words to open them, and a journal."""

    fleet: Fleet
    headers: Mapping[str, str]
    journal: Journal
    window: bool
    room: Path


class Client(ABC):
    """One offline client. ``did`` counts its syncs, events, cuts and retries."""

    lists = True
    """Whether it keeps the folder list too."""

    def __init__(self, name: str, around: Surroundings, seed: int) -> None:
        self.name, self.around, self.random = name, around, Random(seed)
        self.cache = Cache()
        self.did: Counter[str] = Counter()

    async def live(self, stop: asyncio.Event) -> None:
        """Until ``stop``: connect, read, stall, be cut, sleep, and come back somewhere else."""
        while not stop.is_set():
            try:
                await self.episode(stop)
            except Away as away:
                self.note(f"away: {away}")
                self.did["away"] += 1
                await self.dropped()
                await passed(stop, self.random.uniform(0.02, 0.3))

    async def settle(self, truth: Truth) -> list[str]:
        """Once nothing changes any more: come to rest, and tell the differences that are left.

        Who only asks must be right once it has all; who listens has until the deadline.
        """
        deadline, rested = asyncio.get_running_loop().time() + SETTLING, False
        while (found := self._differences(truth)) and not rested and asyncio.get_running_loop().time() < deadline:
            try:
                rested = await self.rest(2.0)
            except Away as away:
                self.note(f"away: {away}")
                await self.dropped()
                await asyncio.sleep(0.1)
        return found

    def _differences(self, truth: Truth) -> list[str]:
        return differences(self.cache, truth, window=self.around.window, lists=self.lists)

    @abstractmethod
    async def episode(self, stop: asyncio.Event) -> None:
        """A stretch of its life; raises Away."""

    @abstractmethod
    async def rest(self, seconds: float) -> bool:
        """A step towards rest; whether it knows that it has all."""

    async def dropped(self) -> None:
        """The connection is gone."""
        self.note("cut off")

    async def close(self) -> None:
        """For good."""
        await self.dropped()

    def note(self, text: str) -> None:
        self.around.journal.note(self.name, text)

    async def ask(self, path: str, query: Mapping[str, str] | None = None, value: object = None) -> Reply:
        gateway = self.around.fleet.any(self.random)
        return await ask(gateway.port, self.around.headers, path, query, value)
