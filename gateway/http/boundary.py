"""The outermost layer: whatever goes wrong below becomes a problem, or cuts the answer short where it has begun."""

from __future__ import annotations

from types import TracebackType

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import GatewayError
from gateway.http.base import request_id, route_template
from gateway.http.noted import note_refusal
from gateway.http.problem import answer

_log = structlog.get_logger("gateway.http")


class AnswerCut(Exception):
    """The answer can't be completed. Raised to the HTTP server, which then breaks the connection off."""


class Boundary:
    """ASGI layer around everything that may fail."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        async with Guard(scope, receive, send) as guard:
            await self._app(scope, receive, guard.send)


class Guard:
    """Sees every exception that leaves its block; cancellation and the like are none of its business.

    ``started``: the answer has begun, and can only be cut short.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, started: bool = False) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._started = started

    async def send(self, message: Message) -> None:
        self._started = self._started or message["type"] == "http.response.start"
        await self._send(message)

    async def __aenter__(self) -> Guard:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        if isinstance(error, ClientDisconnect):
            return True
        self._note(error)
        if isinstance(error, AnswerCut):
            return False
        if self._started:
            raise AnswerCut("the answer was cut short") from None
        known = error if isinstance(error, GatewayError) else GatewayError()
        note_refusal(known, self._scope)
        await answer(known, self._scope)(self._scope, self._receive, self._send)
        return True

    def _note(self, error: Exception) -> None:
        """Log what is not the client's doing: never the error's text, which may quote mail."""
        where = {"request_id": request_id(self._scope), "route": route_template(self._scope)}
        if isinstance(error, AnswerCut):
            _log.warning("cut", reason=str(error), **where)
        elif not isinstance(error, GatewayError):
            _log.error("unexpected", error=type(error).__name__, at=_place(error), **where)
        elif error.answer().status >= 500 or self._started:
            reply = error.answer()
            _log.warning("failed", error=type(error).__name__, type=reply.type, code=error.imap_code, **where)


def _place(error: BaseException) -> list[str]:
    """File and line of the frames, innermost last: where it happened, without what it was about."""
    frames: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames[-12:]
