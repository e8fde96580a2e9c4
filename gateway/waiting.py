"""What waits at a connection, which is nothing for most of thousands: `deque` has room for 64 from the first one."""

from __future__ import annotations

import asyncio
from typing import Any


class Signal(asyncio.Event):
    """An event that hardly anybody waits for, in a tenth of the memory."""

    def __init__(self) -> None:
        super().__init__()
        self._waiters: list[asyncio.Future[Any]] = []  # type: ignore[assignment]  # a deque there, which takes more


class Pipeline(list[Any]):
    """Requests that came before the answer to the one before them, as far as uvicorn uses a deque for them."""

    __slots__ = ()

    def appendleft(self, request: Any) -> None:
        self.insert(0, request)
