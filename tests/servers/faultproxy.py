"""A TCP proxy that misbehaves on demand: it stands between the gateway and a real server.

::

    async with FaultProxy(server.host, server.port) as proxy:
        ...                              # connect to proxy.host, proxy.port
        proxy.down.after(1000).reset()   # RST once the server has sent 1000 more octets
        await proxy.wait_total(2)        # a rendezvous: the second connection has come

``up`` carries what the client sends, ``down`` what the server sends. Their faults hold for all connections,
those that are open and those to come, until ``clear()``.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Self

from .faultway import Cut, Reset, Stalled, Way

CHUNK = 65_536


class Relay:
    """One client's connection and the one made for it to the server."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client, self.server = client, server

    def close(self) -> None:
        for writer in (self.client, self.server):
            writer.close()

    def reset(self) -> None:
        for writer in (self.client, self.server):
            reset(writer)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN: no linger time."""
    sock = writer.get_extra_info("socket")
    with contextlib.suppress(OSError, AttributeError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class FaultProxy:
    """``refuse``: reset new connections at once. ``greeting_delay``: seconds before the server is dialled."""

    host = "127.0.0.1"

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self.up, self.down = Way(), Way()
        self.refuse = False
        self.greeting_delay = 0.0
        self.total = 0
        self.port = 0  # any; set it before the start for a certain one
        self._relays: dict[Relay, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self.host, self.port, limit=CHUNK)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        self.reset_all()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def connections(self) -> int:
        """How many are open now; ``total`` counts all that ever came."""
        return len(self._relays)

    def redirect(self, host: str, port: int) -> None:
        """New connections go to another server from now on."""
        self._target = (host, port)

    @property
    def relays(self) -> tuple[Relay, ...]:
        """The open connections, oldest first, to end one of them."""
        return tuple(self._relays)

    def cut_all(self) -> None:
        for relay in list(self._relays):
            relay.close()

    def reset_all(self) -> None:
        for relay in list(self._relays):
            relay.reset()

    def inject(self, data: bytes) -> None:
        """Say ``data`` to every connected client, as if the server had."""
        for relay in self._relays:
            relay.client.write(data)

    async def wait_total(self, count: int, timeout: float = 10) -> None:
        """Return once ``count`` connections have come since the start."""
        await self._wait(lambda: self.total >= count, timeout)

    async def wait_connections(self, count: int, timeout: float = 10) -> None:
        """Return once exactly ``count`` connections are open."""
        await self._wait(lambda: self.connections == count, timeout)

    async def _wait(self, condition: Callable[[], bool], timeout: float) -> None:
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(condition)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.total += 1
        await self._notify()
        if self.refuse:
            reset(writer)
            return
        if self.greeting_delay:
            await asyncio.sleep(self.greeting_delay)
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target, limit=CHUNK)
        except OSError:
            reset(writer)
            return
        relay = Relay(writer, far_writer)
        self._relays[relay] = None
        await self._notify()
        try:
            with contextlib.suppress(asyncio.CancelledError):  # the streams of asyncio would report it as an error
                await self._relay(relay, reader, far_reader)
        finally:
            self._relays.pop(relay, None)
            await self._notify()

    async def _relay(self, relay: Relay, near: asyncio.StreamReader, far: asyncio.StreamReader) -> None:
        pumps = {
            asyncio.create_task(pump(near, relay.server, self.up)),
            asyncio.create_task(pump(far, relay.client, self.down)),
        }
        try:
            done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            if any(isinstance(task.exception(), Reset) for task in done):
                relay.reset()
        finally:
            for task in pumps:
                task.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            relay.close()


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, way: Way) -> None:
    """Carry octets until one end is done or a fault ends it. Raises Reset where the fault is a RST."""
    try:
        while piece := await source.read(CHUNK):
            async for part in way.carry(piece):
                sink.write(part)
                await sink.drain()
    except Stalled:
        await swallow(source)
    except (Cut, ConnectionError):
        return


async def swallow(source: asyncio.StreamReader) -> None:
    """A half-open peer: it takes everything and says nothing, not even FIN."""
    with contextlib.suppress(ConnectionError):
        while await source.read(CHUNK):
            pass
    await asyncio.Event().wait()
