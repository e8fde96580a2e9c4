"""Octets put aside until their number is known: in memory while few, in an unnamed file beyond."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import Final

IN_MEMORY: Final = 1024 * 1024
_CHUNK: Final = 64 * 1024


class Spool:
    """Written once, then read once, then closed."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=in_memory, mode="w+b")  # noqa: SIM115 - closed in close()
        self._in_memory = in_memory
        self.size = 0

    async def write(self, octets: bytes) -> None:
        self.size += len(octets)
        if self.size <= self._in_memory:
            self._file.write(octets)
        else:
            await asyncio.to_thread(self._file.write, octets)

    async def chunks(self) -> AsyncIterator[bytes]:
        """All of it from the start."""
        self._file.seek(0)
        on_disk = self.size > self._in_memory
        while chunk := (await asyncio.to_thread(self._file.read, _CHUNK) if on_disk else self._file.read(_CHUNK)):
            yield chunk

    def close(self) -> None:
        """Let go of the octets."""
        self._file.close()
