"""One direction of the fault proxy, and the faults that can be set on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Literal, Self

Rewrite = Callable[[bytes], bytes]


class Stalled(Exception):
    """From here on nothing passes, and the connection stays open."""


class Cut(Exception):
    """The connection ends here, in order."""


class Reset(Exception):
    """The connection ends here with RST."""


class Way:
    """``passed`` counts the octets let through; ``record()`` keeps them in ``seen``."""

    def __init__(self) -> None:
        self.passed = 0
        self.seen = bytearray()
        self._recording = False
        self._open = asyncio.Event()
        self._moved = asyncio.Event()
        self.clear()

    def clear(self) -> None:
        """Behave again (what was swallowed meanwhile stays lost)."""
        self._delay = 0.0
        self._rate: float | None = None
        self._chop: int | None = None
        self._limit: int | None = None
        self._fault: Literal["stall", "cut", "reset"] | None = None
        self._rewrite: Rewrite | None = None
        self._open.set()

    def delay(self, seconds: float) -> Self:
        """Every piece comes this much later."""
        self._delay = seconds
        return self

    def rate(self, octets_per_second: float) -> Self:
        self._rate = octets_per_second
        return self

    def chop(self, octets: int) -> Self:
        """Write no more than this at once; 1 is the hardest for a parser."""
        self._chop = octets
        return self

    def rewrite(self, function: Rewrite) -> Self:
        """Change what passes; the function sees pieces as they are read, which may end anywhere."""
        self._rewrite = function
        return self

    def after(self, octets: int) -> Self:
        """The next fault acts once this many more octets have passed."""
        self._limit = self.passed + octets
        return self

    def stall(self) -> None:
        self._fault = "stall"

    def cut(self) -> None:
        self._fault = "cut"

    def reset(self) -> None:
        self._fault = "reset"

    def hold(self) -> None:
        """Keep back all that comes, losing nothing, until ``release()``: a test's rendezvous."""
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    def record(self) -> Self:
        self._recording = True
        return self

    async def wait_passed(self, octets: int, timeout: float = 10) -> None:
        """Return once this many octets have passed in all."""
        await self._wait(lambda: self.passed >= octets, timeout)

    async def wait_seen(self, data: bytes, timeout: float = 10) -> None:
        """Return once ``data`` is in what was recorded."""
        await self._wait(lambda: data in self.seen, timeout)

    async def _wait(self, condition: Callable[[], bool], timeout: float) -> None:
        async with asyncio.timeout(timeout):
            while not condition():
                self._moved.clear()
                await self._moved.wait()

    async def carry(self, piece: bytes) -> AsyncIterator[bytes]:
        """The parts of ``piece`` that pass, in time; raises the fault where it strikes."""
        if self._rewrite:
            piece = self._rewrite(piece)
        if self._delay:
            await asyncio.sleep(self._delay)
        step = self._chop or max(len(piece), 1)
        for start in range(0, len(piece), step):
            await self._open.wait()
            part = piece[start : start + step]
            room = self._room(len(part))
            if room:
                yield part[:room]
                self._count(part[:room])
            if room < len(part):
                self._strike()
            if self._rate:
                await asyncio.sleep(len(part) / self._rate)

    def _room(self, wanted: int) -> int:
        if self._fault is None:
            return wanted
        return 0 if self._limit is None else max(0, min(wanted, self._limit - self.passed))

    def _count(self, part: bytes) -> None:
        self.passed += len(part)
        if self._recording:
            self.seen += part
        self._moved.set()

    def _strike(self) -> None:
        match self._fault:
            case "stall":
                raise Stalled
            case "cut":
                raise Cut
            case "reset":
                raise Reset
            case None:
                return
