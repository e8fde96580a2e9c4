"""One who waits for a connection."""

from __future__ import annotations

import asyncio
from typing import Generic

from msgspec import Struct

from gateway.errors import GatewayError
from gateway.pool.connection import Connection, S
from gateway.pool.plan import Ask
from gateway.pool.target import Target


class Waiter(Struct, Generic[S], eq=False):
    """``ticket`` tells it from the others; ``rank`` is its place in the queue, 0 for who has to start over."""

    ticket: int
    ask: Ask
    target: Target
    place: asyncio.Future[Connection[S]]
    rank: int | None = None

    def give(self, connection: Connection[S]) -> None:
        if not self.place.done():
            self.place.set_result(connection)

    def fail(self, error: GatewayError) -> None:
        if not self.place.done():
            self.place.set_exception(error)
