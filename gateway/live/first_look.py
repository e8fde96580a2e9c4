"""Waiting for the first look at something, which may fail."""

from __future__ import annotations

import asyncio

from gateway.errors import GatewayError


class FirstLook:
    """Until it is taken, :meth:`ready` waits; after it failed, those who ask later wait for the next try."""

    def __init__(self) -> None:
        self.taken = False
        self._waiting: asyncio.Future[None] | None = None

    async def ready(self) -> None:
        """Raises what made it fail."""
        if not self.taken:
            self._waiting = self._waiting or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._waiting)

    def take(self) -> None:
        self.taken = True
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def fail(self, error: GatewayError) -> None:
        """Who waits, waits in vain."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)
            waiting.exception()  # read once, so that a waiter that has left is no warning
