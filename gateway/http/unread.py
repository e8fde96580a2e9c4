"""What becomes of a request's body that nobody has read when the answer begins."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.http.cap import bodiless, content_length

WORTH_READING: Final = 65_536
"""Octets that cost less to take in and drop than a new connection would."""


class Unread:
    """ASGI layer: the answer to a request whose large body is unread ends the connection (RFC 9112 section 9.6).

    Or the HTTP server would take in all of it, a gigabyte after a 401, to find where the next request begins.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or bodiless(scope) or not _large(scope):
            await self._app(scope, receive, send)
            return
        complete = False

        async def noting() -> Message:
            nonlocal complete
            message = await receive()
            complete = complete or (message["type"] == "http.request" and not message.get("more_body", False))
            return message

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start" and not complete:
                kept = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"connection"]
                message = {**message, "headers": [*kept, (b"connection", b"close")]}
            await send(message)

        await self._app(scope, noting, closing)


def _large(scope: Scope) -> bool:
    """A body of unknown length is taken for a large one."""
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return True
        if name == b"content-length" and (not value.isdigit() or len(value) > 18):
            return True
    return (content_length(scope) or 0) > WORTH_READING
