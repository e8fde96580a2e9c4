"""A client of the event stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class Event:
    kind: str
    data: dict[str, Any]
    id: str | None = None


class Events:
    """Events in order; heartbeats are counted and passed over."""

    def __init__(self, answer: httpx.Response) -> None:
        self.heartbeats = 0
        self._lines = answer.aiter_lines()

    async def next(self, timeout: float = 15) -> Event:
        """The next event. Raises TimeoutError, StopAsyncIteration at the end."""
        async with asyncio.timeout(timeout):
            fields: dict[str, str] = {}
            while True:
                line = await anext(self._lines)
                if line:
                    name, _, value = line.partition(":")
                    fields[name] = fields.get(name, "") + value.removeprefix(" ")
                elif "data" in fields:
                    return Event(fields.get("event", "message"), json.loads(fields["data"]), fields.get("id"))
                else:
                    self.heartbeats += "" in fields
                    fields = {}

    async def until(self, kind: str, timeout: float = 15) -> Event:
        """The next event of this kind; those before it are passed over."""
        async with asyncio.timeout(timeout):
            while (event := await self.next(timeout)).kind != kind:
                pass
            return event


@asynccontextmanager
async def events(client: httpx.AsyncClient, **params: str) -> AsyncIterator[Events]:
    """An open stream, its hello already heard."""
    async with client.stream("GET", "/events", params=params) as answer:
        assert answer.status_code == 200, await answer.aread()
        stream = Events(answer)
        assert (await stream.next()).kind == "hello"
        yield stream
