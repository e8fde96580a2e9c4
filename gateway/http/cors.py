"""Cross-origin requests (WHATWG Fetch section 3.3): none until origins are configured, and only those."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

EXPOSED: Final = (
    "ETag, Link, Retry-After, Location, X-Request-Id, Content-Range, Content-Disposition, WWW-Authenticate, "
    "DPoP-Nonce, RateLimit, RateLimit-Policy"
)
ALLOWED_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
ALLOWED_HEADERS: Final = (
    "Authorization, DPoP, Content-Type, If-Match, If-None-Match, If-Range, Range, Idempotency-Key, Last-Event-ID, "
    "X-Request-Id"
)
_MAX_AGE: Final = "600"


class Cors:
    """ASGI layer. Tokens travel in a header, never in a cookie, so credentials mode is never allowed."""

    def __init__(self, app: ASGIApp, *, origins: Iterable[str]) -> None:
        self._app = app
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._origins:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin", "")
        known = "*" in self._origins or origin.lower() in self._origins
        preflight = scope["method"] == "OPTIONS" and "access-control-request-method" in headers

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                mark(MutableHeaders(raw=message.setdefault("headers", [])), origin if known else None, preflight)
            await send(message)

        await self._app(scope, receive, marked)


def mark(headers: MutableHeaders, origin: str | None, preflight: bool) -> None:
    """Say what ``origin`` may do; None: it is not known here, or this is no cross-origin request."""
    headers.add_vary_header("Origin")
    if not origin:
        return
    headers["Access-Control-Allow-Origin"] = origin
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if preflight:
        headers["Access-Control-Allow-Methods"] = ALLOWED_METHODS
        headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
        headers["Access-Control-Max-Age"] = _MAX_AGE
        headers.add_vary_header("Access-Control-Request-Method, Access-Control-Request-Headers")
    else:
        headers["Access-Control-Expose-Headers"] = EXPOSED
