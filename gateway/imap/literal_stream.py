"""A literal on its way from the connection to whoever reads it, never held whole."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Self

from gateway.errors import GatewayError

# Reading from the server pauses at HIGH and goes on at LOW: enough to keep a TLS record or four in hand,
# little enough that a thousand slow readers hold 256 MB at most.
HIGH = 262_144
LOW = 65_536


class LiteralStream:
    """Octets of one section, in order: ``async for chunk in stream``. ``size`` is the whole literal's length.

    It is the framer's sink on one side and an async iterator on the other. A failure of the connection is raised by
    the iteration after the octets that came before it; so an iteration that ends in order has given ``size`` octets.
    """

    __slots__ = (
        "_buffered",
        "_chunks",
        "_complete",
        "_discarding",
        "_error",
        "_news",
        "_pause",
        "_paused",
        "_received",
        "_resume",
        "size",
    )

    def __init__(self, pause: Callable[[], None], resume: Callable[[], None]) -> None:
        self.size: int | None = None
        self._pause, self._resume = pause, resume
        self._paused = False
        self._chunks: deque[bytes] = deque()
        self._buffered = 0
        self._received = 0
        self._complete = False
        self._discarding = False
        self._error: GatewayError | None = None
        self._news = asyncio.Event()

    # the connection's side

    def opened(self, size: int) -> Self:
        self.size = size
        self._news.set()
        return self

    def write(self, data: bytes | memoryview) -> None:
        self._received += len(data)
        if self._discarding or not data:
            return
        self._chunks.append(bytes(data))
        self._buffered += len(data)
        self._news.set()
        if self._buffered > HIGH and not self._paused:
            self._paused = True
            self._pause()

    def close(self) -> None:
        """Nothing more comes. Short of ``size`` that is no end: ``fail()`` will say why."""
        if self._received == self.size:
            self._complete = True
            self._news.set()

    def fail(self, error: GatewayError) -> None:
        """The iteration raises this once the octets in hand are read; after ``close()`` it changes nothing."""
        if not self._complete and self._error is None:
            self._error = error
            self._news.set()

    def discard(self) -> None:
        """Nobody reads it any more: what is in hand and what still comes is dropped."""
        self._discarding = True
        self._chunks.clear()
        self._buffered = 0
        self._flow()

    # the reader's side

    @property
    def buffered(self) -> int:
        """Octets that came and are not read yet."""
        return self._buffered

    @property
    def missing(self) -> int:
        """Octets of the literal that have not come yet."""
        return (self.size or 0) - self._received

    @property
    def complete(self) -> bool:
        """Whether the whole literal has come from the server (read or not)."""
        return self._complete

    async def begun(self) -> None:
        """Returns once ``size`` is known, or raises what prevents that."""
        while self.size is None:
            if self._error is not None:
                raise self._error
            await self._wait()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while not self._chunks:
            if self._error is not None:
                raise self._error
            if self._complete or self._discarding:
                raise StopAsyncIteration
            await self._wait()
        chunk = self._chunks.popleft()
        self._buffered -= len(chunk)
        self._flow()
        return chunk

    async def _wait(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _flow(self) -> None:
        if self._paused and self._buffered <= LOW:
            self._paused = False
            self._resume()
