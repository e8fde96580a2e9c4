"""An answer that may take hours is sent from outside the layers: thousands of them would keep all of their frames."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.http.boundary import Guard

REMAINDER: Final = "gateway.remainder"
"""Where an answer may leave what is still to be sent; absent where whoever serves does not look for it."""


class Record(Protocol):
    """What is noted of an answer: it is not over when the layers are."""

    def through(self, send: Send) -> Send:
        """``send``, and what goes that way is noted."""
        ...

    def close(self) -> None: ...


class Remainder:
    """What is still to be sent of one answer once the layers have returned."""

    __slots__ = ("record", "work")

    def __init__(self) -> None:
        self.work: Callable[[Send], Awaitable[None]] | None = None
        self.record: Record | None = None

    def keep(self, work: Callable[[Send], Awaitable[None]]) -> None:
        """``work`` sends the rest. What it raises is treated as what the layers raise."""
        self.work = work

    async def finish(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.work is None:
            return
        try:
            async with Guard(scope, receive, send, started=True):
                await self.work(send if self.record is None else self.record.through(send))
        finally:
            if self.record is not None:
                self.record.close()


class Outside:
    """ASGI layer around all others."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        remainder = scope[REMAINDER] = Remainder()
        await self._app(scope, receive, send)
        await remainder.finish(scope, receive, send)


def remainder_of(scope: Scope) -> Remainder | None:
    remainder = scope.get(REMAINDER)
    return remainder if isinstance(remainder, Remainder) else None
