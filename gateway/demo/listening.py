"""The demo's sockets: on the loopback only, and served for as long as they are wanted."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Final

from gateway.listener import Listener

HOST: Final = "127.0.0.1"
FINISH_SECONDS: Final = 2.0  # in which answers that are on their way may end


@contextlib.asynccontextmanager
async def listening(listener: Listener, sock: socket.socket) -> AsyncIterator[None]:
    """Serves from here on. Raises SystemExit where it can't; the log says why."""
    task = asyncio.create_task(listener.serve([sock]))
    try:
        ready = asyncio.create_task(listener.ready.wait())
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if task.done():
            raise SystemExit("gateway: the demo could not start; the lines above say why")
        yield
    finally:
        listener.should_exit = True
        await task


def url_of(sock: socket.socket) -> str:
    return f"http://{HOST}:{sock.getsockname()[1]}"
