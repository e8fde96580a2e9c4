"""Work for a client that is still there: it is given up as soon as the client leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Receive

T = TypeVar("T")


async def while_connected(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` returns. If the client leaves first: ClientDisconnect, with ``work`` cancelled and cleaned up."""
    worker = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait((worker, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not worker.done():
            leaving.result()
            raise ClientDisconnect
        return worker.result()
    finally:
        await _stop(worker)
        await _stop(leaving)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _stop(task: asyncio.Future[Any]) -> None:
    if not task.done():
        task.cancel()
        await asyncio.wait((task,))
    if not task.cancelled():
        task.exception()
