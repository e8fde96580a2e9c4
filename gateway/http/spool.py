"""Octets put aside until their number is known: in memory while few, in an unnamed file beyond."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Final, TypeVar, cast

IN_MEMORY: Final = 1024 * 1024
_CHUNK: Final = 64 * 1024
R = TypeVar("R")


class Spool:
    """Written once, then read once, then closed."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=in_memory, mode="w+b")  # noqa: SIM115 - closed in close()
        self._in_memory = in_memory
        self._working: asyncio.Future[object] | None = None
        self.size = 0

    async def write(self, octets: bytes) -> None:
        self.size += len(octets)
        if self.size <= self._in_memory:
            self._file.write(octets)
        else:
            await self._in_thread(partial(self._file.write, octets))

    async def chunks(self) -> AsyncIterator[bytes]:
        """All of it from the start."""
        self._file.seek(0)
        on_disk, read = self.size > self._in_memory, partial(self._file.read, _CHUNK)
        while chunk := (await self._in_thread(read) if on_disk else read()):
            yield chunk

    def close(self) -> None:
        """Let go of the octets: at once, or when the thread has done that works for a request given up meanwhile."""
        if self._working is None or self._working.done():
            self._file.close()
        else:
            self._working.add_done_callback(self._close_after)

    def _close_after(self, work: asyncio.Future[object]) -> None:
        self._file.close()
        if not work.cancelled():
            work.exception()  # looked at: nobody waits for it any more

    async def _in_thread(self, work: Callable[[], R]) -> R:
        future = asyncio.get_running_loop().run_in_executor(None, work)
        self._working = cast("asyncio.Future[object]", future)
        return await asyncio.shield(future)  # a thread can't be cancelled, and must not lose its file
