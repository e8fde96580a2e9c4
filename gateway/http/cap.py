"""The bounds of a request's body: its size, checked before anything else of the request, and its pace."""

from __future__ import annotations

import asyncio
import re
from typing import Final

from starlette.types import Message, Receive, Scope

from gateway.errors import ClientError, InvalidRequest, Reply, TooLarge
from gateway.http.base import field

_DIGITS: Final = re.compile(r"[0-9]{1,18}")
FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
"""Header fields that say where a body ends (RFC 9112 section 6)."""


STALL_SECONDS: Final = 20.0
"""How long a client may send nothing in the middle of a body: an upload holds a connection to the mail server."""


class TooSlow(ClientError):
    """The rest of the body did not come (RFC 9110 section 15.5.9)."""

    reply = Reply("request-timeout", 408, "The request's body did not arrive in time", retryable=True)


def content_length(scope: Scope) -> int | None:
    """The announced length in octets; None where there is none. Raises InvalidRequest."""
    text = field(scope, b"content-length")
    if text is None:
        return None
    if not _DIGITS.fullmatch(text):
        raise InvalidRequest("this is no length", field="Content-Length")
    return int(text)


def bodiless(scope: Scope) -> bool:
    """Whether the request has no body, not even an empty one that is announced (RFC 9112 section 6.3)."""
    return FRAMING.isdisjoint([name for name, _ in scope["headers"]])


def capped(scope: Scope, receive: Receive, limit: int) -> Receive:
    """``receive`` that raises TooLarge past ``limit`` octets; raises it at once where the length is announced."""
    announced = content_length(scope)
    if announced is not None and announced > limit:
        raise TooLarge(f"the body may have {limit} octets")
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise TooLarge(f"the body may have {limit} octets")
        return message

    return counted


def timely(receive: Receive, seconds: float = STALL_SECONDS) -> Receive:
    """``receive`` for reading a body; raises TooSlow where the client sends nothing for ``seconds``.

    Once the body is there, the client may wait for its answer as long as it likes.
    """
    complete = False

    async def hurried() -> Message:
        nonlocal complete
        try:
            async with asyncio.timeout(None if complete else seconds):
                message = await receive()
        except TimeoutError:
            raise TooSlow(f"nothing came for {seconds:g} seconds") from None
        complete = complete or not message.get("more_body", False)
        return message

    return hurried
