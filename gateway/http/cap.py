"""The cap on a request's body, checked before anything else of the request is looked at."""

from __future__ import annotations

import re
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from gateway.errors import InvalidRequest, TooLarge

_DIGITS: Final = re.compile(r"[0-9]{1,18}")


def content_length(scope: Scope) -> int | None:
    """The announced length in octets; None where there is none. Raises InvalidRequest."""
    text = Headers(scope=scope).get("content-length")
    if text is None:
        return None
    if not _DIGITS.fullmatch(text):
        raise InvalidRequest("this is no length", field="Content-Length")
    return int(text)


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
