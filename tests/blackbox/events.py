"""A reader of event streams for tests (WHATWG HTML section 9.2)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Received:
    kind: str
    data: Any
    id: str | None


class EventReader:
    """Events in order; comments are counted."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines
        self.heartbeats = 0
        self.retry: int | None = None

    async def next(self, timeout: float = 15) -> Received:
        async with asyncio.timeout(timeout):
            return await self._next()

    async def until(self, kind: str, timeout: float = 15) -> Received:
        while True:
            received = await self.next(timeout)
            if received.kind == kind:
                return received

    async def heartbeat(self, timeout: float = 30) -> None:
        """Wait for one comment."""
        async with asyncio.timeout(timeout):
            async for line in self._lines:
                if line.startswith(":"):
                    self.heartbeats += 1
                    return

    async def _next(self) -> Received:
        fields: dict[str, str] = {}
        async for line in self._lines:
            if line.startswith(":"):
                self.heartbeats += 1
            elif line:
                name, _, value = line.partition(":")
                fields[name] = value.removeprefix(" ")
                if name == "retry":
                    self.retry = int(fields[name])
            elif "data" in fields:
                return Received(fields.get("event", "message"), json.loads(fields["data"]), fields.get("id"))
        raise EOFError("the stream ended")


@asynccontextmanager
async def watching(client: httpx.AsyncClient, **params: str) -> AsyncIterator[EventReader]:
    """An open stream, after its hello."""
    headers = {"Last-Event-ID": params.pop("last_event_id")} if "last_event_id" in params else {}
    async with client.stream("GET", "/events", params=params, headers=headers, timeout=60) as answer:
        if answer.status_code != 200:
            await answer.aread()
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/event-stream")
        reader = EventReader(answer.aiter_lines())
        yield reader
