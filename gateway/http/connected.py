"""Work for a client that is still there: it is given up as soon as the client leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from gateway.errors import LocalError

T = TypeVar("T")


async def while_connected(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` returns. If the client leaves first: ClientDisconnect, with ``work`` cancelled and cleaned up.

    What ``receive`` raises meanwhile ends the work in the same way.
    """
    task = asyncio.current_task()
    if task is None:
        work.close()
        raise LocalError("there is no task to be cancelled")
    leaving = _Leaving(receive, task)
    try:
        found = await work
    except (asyncio.CancelledError, Exception):
        if leaving.reason is not None and task.uncancel() == 0:
            raise leaving.reason from None
        raise
    finally:
        leaving.stop()
    if leaving.reason is not None:  # the work was done all the same
        task.uncancel()
    return found


class _Leaving:
    """Waits for the client to leave, and has ``task`` cancelled then. ``reason``: that, or what went wrong instead."""

    __slots__ = ("_over", "_task", "_wait", "reason")

    def __init__(self, receive: Receive, task: asyncio.Task[Any]) -> None:
        self.reason: BaseException | None = None
        self._task, self._over = task, False
        self._wait = asyncio.ensure_future(_gone(receive))
        self._wait.add_done_callback(self._left)

    def stop(self) -> None:
        self._over = True
        self._wait.cancel()

    def _left(self, wait: asyncio.Future[None]) -> None:
        if wait.cancelled():
            return
        error = wait.exception()
        if not self._over:
            self.reason = error or ClientDisconnect()
            self._task.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
