"""The request's id, its log line and its measurement; and the headers that every answer carries."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, reset_contextvars

from gateway.http.base import REQUEST_ID, field, request_id, route_template
from gateway.http.limited import told
from gateway.http.remainder import remainder_of
from gateway.http.services import services_of
from gateway.http.whence import client_of

_log = structlog.get_logger("gateway.access")
_SANE: Final = re.compile(r"[A-Za-z0-9._~-]{1,64}")

SECURITY: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Defaults: an answer that sets one of these itself keeps its own."""
_SECURITY: Final = tuple((name.lower().encode("ascii"), value.encode("ascii")) for name, value in SECURITY.items())

CLIENT_LEFT: Final = 499
"""Logged and counted where the client left before the answer began; never sent."""


class Access:
    """ASGI layer: one log line and one measurement a request, by route template, never by path."""

    def __init__(self, app: ASGIApp, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = field(scope, b"x-request-id") or ""
        scope[REQUEST_ID] = sent if _SANE.fullmatch(sent) else os.urandom(12).hex()
        record = _Record(scope, send, self._clock)
        asked_from = services_of(scope).audit.asked_from(client_of(scope))
        bound = bind_contextvars(request_id=scope[REQUEST_ID])
        with asked_from:
            try:
                await self._app(scope, receive, record.send)
            finally:
                reset_contextvars(**bound)
                remainder = remainder_of(scope)
                if remainder is None or remainder.work is None:
                    record.close()
                else:
                    remainder.record = record  # the answer goes on


class _Record:
    """What is noted of one request."""

    def __init__(self, scope: Scope, send: Send, clock: Callable[[], float]) -> None:
        self._scope = scope
        self._send = send
        self._clock = clock
        self._began = clock()
        self._headed: float | None = None
        self._status = CLIENT_LEFT
        self._octets = 0
        self._complete = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headed = self._clock() - self._began
            headers = list(message.get("headers", ()))
            present = {name for name, _ in headers}
            headers.append((b"x-request-id", request_id(self._scope).encode("ascii")))
            headers += [default for default in _SECURITY if default[0] not in present]
            headers += told(self._scope)
            message["headers"] = headers
        elif message["type"] == "http.response.body":
            self._octets += len(message.get("body", b""))
            self._complete = not message.get("more_body", False)
        await self._send(message)

    def through(self, send: Send) -> Send:
        self._send = send
        return self.send

    def close(self) -> None:
        took = self._clock() - self._began
        route, method = route_template(self._scope), self._scope["method"]
        services_of(self._scope).metrics.request(
            route, method, self._status, took if self._headed is None else self._headed
        )
        _log.info(
            "request",
            request_id=request_id(self._scope),
            method=method if len(method) < 16 else "?",
            route=route,
            status=self._status,
            octets=self._octets,
            complete=self._complete,
            ms=round(took * 1000, 1),
        )
