"""A client's way to a gateway: requests that may fail as a dying process makes them fail, and an event stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from tests.acceptance.caller import Caller, Reply

PATIENCE: Final = 60.0
"""Seconds after which an answer that has not come is a failure; a process that died closes its sockets at once."""
PASSING: Final = frozenset((429, 502, 503, 504))


class Away(Exception):
    """The gateway died, or told us to come back later."""


class Wrong(Exception):
    """An answer that a client of a correct gateway never gets."""


async def ask(
    port: int, headers: Mapping[str, str], path: str, query: Mapping[str, str] | None = None, value: object = None
) -> Reply:
    """GET, or POST with a ``value``. Raises Away, and Wrong for what is neither an answer nor 404 or 410."""
    method = "GET" if value is None else "POST"
    whole = f"{path}?{urlencode(query)}" if query else path
    with _passing(f"{method} {whole}"):
        async with asyncio.timeout(PATIENCE), Caller(port, headers) as caller:
            return _judged(await caller.ask(method, whole, value=value), f"{method} {whole} {value if value else ''}")
    raise AssertionError


@contextmanager
def _passing(what: str) -> Iterator[None]:
    """What a dying process does to a connection is no failure; silence is."""
    try:
        yield
    except TimeoutError:
        raise Wrong(f"no answer: {what}") from None
    except (OSError, asyncio.IncompleteReadError) as error:
        raise Away(repr(error)) from error


def _judged(reply: Reply, what: str) -> Reply:
    if reply.status in PASSING:
        raise Away(f"{reply.status} {reply.content!r}")
    if reply.status not in (200, 404, 410):
        raise Wrong(f"{what}: {reply.status} {reply.content!r}")
    return reply


@dataclass(frozen=True)
class Event:
    kind: str
    data: Any
    id: str | None


class EventLine:
    """An open stream. :meth:`leave` drops it at any octet."""

    def __init__(self, caller: Caller, pieces: AsyncIterator[bytes]) -> None:
        self._caller, self._pieces, self._held = caller, pieces, b""
        self._reading: asyncio.Task[bytes | None] | None = None

    @classmethod
    async def open(
        cls, port: int, headers: Mapping[str, str], query: Mapping[str, str], last_id: str | None
    ) -> EventLine | Reply:
        """The stream, or an answer that says why not (404, 410). Raises Away, Wrong."""
        caller = Caller(port, headers, buffer=8_192)
        with ExitStack() as unless_open:
            unless_open.callback(caller.leave)
            what = f"/events?{urlencode(query)}"
            with _passing(what):
                async with asyncio.timeout(PATIENCE):
                    await caller.send("GET", what, headers={"Last-Event-ID": last_id} if last_id else {})
                    head = await caller.head()
                    pieces = caller.pieces(head)
                    if head.status != 200:
                        return _judged(Reply(head, b"".join([piece async for piece in pieces])), what)
                unless_open.pop_all()
                return cls(caller, pieces)
        raise AssertionError

    async def next(self, seconds: float) -> Event | None:
        """The next event, or None where none came in that time. Raises Away where the stream was cut."""
        try:
            async with asyncio.timeout(seconds):
                return await self._next()
        except TimeoutError:
            return None
        except (OSError, asyncio.IncompleteReadError) as error:
            raise Away(repr(error)) from error

    async def leave(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait((self._reading,))
        self._caller.leave()

    async def _next(self) -> Event:
        while True:
            block, found, rest = self._held.partition(b"\n\n")
            if not found:
                self._held += await self._piece()
                continue
            self._held = rest
            fields = dict(line.partition(": ")[::2] for line in block.decode().split("\n") if not line.startswith(":"))
            if "data" in fields:
                return Event(fields["event"], json.loads(fields["data"]), fields.get("id"))

    async def _piece(self) -> bytes:
        """A timeout must not end the generator in the middle of a chunk: the reading goes on, and is taken up again."""
        if self._reading is None:
            self._reading = asyncio.ensure_future(anext(self._pieces, None))
        piece = await asyncio.shield(self._reading)
        self._reading = None
        if piece is None:
            raise Away("the stream has ended")
        return piece
