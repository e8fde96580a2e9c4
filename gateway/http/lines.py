"""Values one after the other, as they come: lines of JSON, or events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

import msgspec
from msgspec import Struct
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.errors import GatewayError
from gateway.http.connected import while_connected
from gateway.http.noted import note_refusal
from gateway.http.problem import Problem, problem_of
from gateway.mail.resource import Resource

EVENTS: Final = "text/event-stream"
LINES: Final = "application/x-ndjson"
_encode: Final = msgspec.json.Encoder().encode


class Line(Struct, frozen=True):
    """``event`` names the value where events were asked for."""

    event: str
    value: Resource


class LinesResponse(Response):
    """Nothing is sent before the first line is there, so that a failure until then is a proper problem.

    ``ended`` makes the last line of what fails later. When the client leaves, ``lines`` is cancelled and closed.
    """

    def __init__(self, asked: Headers, lines: AsyncGenerator[Line, None], ended: Callable[[Problem], Line]) -> None:
        self.background = None
        self.status_code = 200
        accepted = asked.get("accept", "").lower()
        self._events = EVENTS in accepted and LINES not in accepted
        self._lines, self._ended = lines, ended
        self.init_headers(
            {
                "Content-Type": f"{EVENTS}; charset=utf-8" if self._events else LINES,
                "Cache-Control": "private, no-store",
                "Vary": "Authorization, Accept",
                "X-Accel-Buffering": "no",
            }
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await while_connected(receive, self._run(scope, send))

    async def _run(self, scope: Scope, send: Send) -> None:
        async with aclosing(self._lines):
            first = await anext(self._lines)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await self._send(send, first)
            try:
                async for line in self._lines:
                    await self._send(send, line)
            except GatewayError as error:
                note_refusal(error, scope)
                await self._send(send, self._ended(problem_of(error, scope)))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send, line: Line) -> None:
        value = _encode(line.value)
        octets = f"event: {line.event}\ndata: ".encode() + value + b"\n\n" if self._events else value + b"\n"
        await send({"type": "http.response.body", "body": octets, "more_body": True})
