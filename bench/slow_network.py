"""A network of some latency: ``python -m bench.slow_network HOST PORT SECONDS`` says the port that it listens on.

Each octet comes ``SECONDS`` later than it was sent, in both directions, however many are on their way: a round trip
takes twice that. It ends with its standard input.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import uvloop

from bench.crowd import many_sockets

ROOT = Path(__file__).parents[1]


class End(asyncio.Protocol):
    """One end of a relayed connection; what it is sent goes to ``other`` in its time, None being the end."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._late: deque[bytes | None] = deque()
        self.transport: asyncio.Transport | None = None
        self.other: End | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._pass_on(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._pass_on(None)

    def _pass_on(self, data: bytes | None) -> None:
        self._late.append(data)
        asyncio.get_running_loop().call_later(self._seconds, self._due)

    def _due(self) -> None:
        data, other = self._late.popleft(), self.other
        if other is None or other.transport is None or other.transport.is_closing():
            return
        if data is None:
            other.transport.close()
        else:
            other.transport.write(data)


class Near(End):
    """The end that connected; what it says waits until the far one is dialled for it."""

    def __init__(self, host: str, port: int, seconds: float) -> None:
        super().__init__(seconds)
        self._target = (host, port)
        self._early: list[bytes | None] = []
        self._dialling: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._dialling = asyncio.create_task(self._dial())

    def _pass_on(self, data: bytes | None) -> None:
        if self.other is None:
            self._early.append(data)
        else:
            super()._pass_on(data)

    async def _dial(self) -> None:
        await asyncio.sleep(2 * self._seconds)  # TCP's own round trip, which loopback did not take
        loop = asyncio.get_running_loop()
        _, far = await loop.create_connection(lambda: End(self._seconds), *self._target)
        self.other, far.other = far, self
        for data in self._early:
            self._pass_on(data)
        self._early.clear()


class SlowNetwork:
    """Such a process, ended with its block."""

    def __init__(self, host: str, port: int, seconds: float) -> None:
        command = [sys.executable, "-m", "bench.slow_network", host, str(port), str(seconds)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.port = 0

    def __enter__(self) -> Self:
        self.port = int(self._process.stdout.readline() if self._process.stdout else 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()


async def _serve(host: str, port: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Near(host, port, seconds), "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    with many_sockets():
        uvloop.run(_serve(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
