"""Octets on their way to a client, as a test wants them to come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from gateway.errors import GatewayError


@dataclass
class Chunks:
    """A source of octets that tells whether it was closed, and can wait or fail on the way."""

    pieces: Sequence[bytes | GatewayError | asyncio.Event]
    closed: bool = False
    position: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self.closed or self.position >= len(self.pieces):
            raise StopAsyncIteration
        piece = self.pieces[self.position]
        self.position += 1
        if isinstance(piece, GatewayError):
            raise piece
        if isinstance(piece, asyncio.Event):
            await piece.wait()
            return b"."
        return piece

    async def aclose(self) -> None:
        self.closed = True
        self.ended.set()
