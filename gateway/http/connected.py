"""Work for a client that is still there: it is given up as soon as the client leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from gateway.errors import LocalError
from gateway.http.base import WhenLeft

T = TypeVar("T")


async def while_connected(receive: Receive, work: Coroutine[Any, Any, T], when_left: WhenLeft | None = None) -> T:
    """What ``work`` returns. If the client leaves first: ClientDisconnect, with ``work`` cancelled and cleaned up.

    What ``receive`` raises meanwhile ends the work in the same way. ``when_left``: where the HTTP server itself tells
    of that, which saves a task that waits; for a request of which nothing is left to be received.
    """
    task = asyncio.current_task()
    if task is None:
        work.close()
        raise LocalError("there is no task to be cancelled")
    leaving: _Leaving = _Received(receive, task) if when_left is None else _Told(when_left, task)
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


class _Leaving(Protocol):
    """Has a task cancelled when the client leaves. ``reason``: that, or what went wrong instead."""

    reason: BaseException | None

    def stop(self) -> None: ...


class _Told:
    """By a call of the HTTP server's."""

    __slots__ = ("_task", "_when_left", "reason")

    def __init__(self, when_left: WhenLeft, task: asyncio.Task[Any]) -> None:
        self.reason: BaseException | None = None
        self._when_left, self._task = when_left, task
        when_left(self._left)

    def stop(self) -> None:
        self._when_left(None)

    def _left(self) -> None:
        if self.reason is None:
            self.reason = ClientDisconnect()
            self._task.cancel()


class _Received:
    """By what comes of the request, for which another task waits."""

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
