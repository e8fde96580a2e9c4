"""Several gateway processes in front of one mail server; each dies now and then without a word, and comes back."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from random import Random
from types import TracebackType
from typing import Self

from tests.blackbox.gateway_process import GatewayProcess

from .journal import Journal


class Fleet:
    """``with Fleet(start, count, …)``: running. ``kills``: how often one was killed."""

    def __init__(self, make: Callable[[], GatewayProcess], count: int, journal: Journal, random: Random) -> None:
        self.gateways = [make() for _ in range(count)]
        self.kills = 0
        self._journal, self._random = journal, random
        self._stack = ExitStack()
        self._next = 0.0

    def __enter__(self) -> Self:
        for gateway in self.gateways:
            self._stack.enter_context(gateway)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def any(self, random: Random) -> GatewayProcess:
        """One of them, alive or not: who is sent to a dead one tries another."""
        return random.choice(self.gateways)

    async def suffer(self, stop: asyncio.Event, *, every: float) -> None:
        """Until ``stop``: about every so many seconds one is killed and started again; what is overdue, at once."""
        while True:
            self._next = self._next or time.monotonic() + every * self._random.uniform(0.5, 1.5)
            if await passed(stop, self._next - time.monotonic()):
                return
            self._next = 0.0
            gateway = self._random.choice(self.gateways)
            self._journal.note("fleet", f"kill -9 {gateway.port}")
            await asyncio.to_thread(gateway.stop, signal.SIGKILL)
            self.kills += 1
            await asyncio.to_thread(gateway.start)
            self._journal.note("fleet", f"{gateway.port} is back")

    def logs(self) -> str:
        """What the gateways said that was no access record, for a report."""
        lines = [line for gateway in self.gateways for line in gateway.log.read_text(errors="replace").splitlines()]
        return "\n".join([line for line in lines if "Traceback" in line or '"error"' in line][-20:])


async def passed(stop: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or until ``stop``; whether it was that."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return False
    return True
