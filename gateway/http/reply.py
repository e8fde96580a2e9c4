"""JSON answers: encoded once from their types, tagged, and not sent again to who has them; compressed where it pays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from starlette.responses import Response

from gateway.http.call import Call
from gateway.http.conditional import hash_tag, tags_of
from gateway.http.packed import Packed
from gateway.mail.pages import Listed

CACHED: Final = "private, no-cache"
"""May be kept by the caller, but is asked for again with If-None-Match."""

_VARY: Final = "Authorization, Accept-Encoding"
_encode: Final = msgspec.json.Encoder().encode
_JSON: Final = "application/json"


def json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that nobody may keep."""
    base = {"Cache-Control": "private, no-store", "Vary": _VARY}
    return Packed(_encode(value), status, {**base, **(headers or {})}, _JSON)


def tagged(call: Call[Any, Any], value: object, etag: str, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that the client may keep; ``value`` None: it has not changed."""
    base = {"Cache-Control": CACHED, "Vary": _VARY, "ETag": etag, **(headers or {})}
    if value is None or _has(call, etag):
        return Packed(status_code=304, headers=base)
    return Packed(_encode(value), 200, base, _JSON)


def listed(call: Call[Any, Any], page: Listed, etag: str, headers: Mapping[str, str]) -> Response:
    """The same, of a page that is JSON already, and may be compressed already, too."""
    base = {"Cache-Control": CACHED, "Vary": _VARY, "ETag": etag, **headers}
    if _has(call, etag):
        return Packed(status_code=304, headers=base)
    return Packed(page.json, 200, base, _JSON, page)


def hashed(call: Call[Any, Any], value: object) -> Response:
    """The same, for what has no tag of its own: the tag is made of the answer itself."""
    return tagged(call, value, hash_tag(_encode(value)))


def fixed(call: Call[Any, Any], value: object) -> Response:
    """The JSON of something that has other forms too."""
    return variant(call, _encode(value), _JSON, {"Cache-Control": CACHED})


def variant(call: Call[Any, Any], content: bytes, media_type: str, headers: Mapping[str, str]) -> Response:
    """One of several forms of a resource: which one, the Accept header decides (RFC 9110 section 12.5.5)."""
    etag = hash_tag(content)
    base = {**headers, "Vary": f"{_VARY}, Accept", "ETag": etag}
    if _has(call, etag):
        return Packed(status_code=304, headers=base)
    return Packed(content, 200, {**base, "Content-Type": media_type})


def created(value: object, location: str | None) -> Response:
    return json(value, 201, {"Location": location} if location else None)


def empty() -> Response:
    return Response(status_code=204)


def head(headers: Mapping[str, str]) -> Response:
    """An answer to HEAD where GET streams; without a Content-Length unless ``headers`` has it."""
    response = Response(headers=headers)
    if "Content-Length" not in headers:
        del response.headers["content-length"]
    return response


def _has(call: Call[Any, Any], etag: str) -> bool:
    """Whether the client says it has this already; only reads can be answered with 304."""
    if call.request.method not in ("GET", "HEAD"):
        return False
    condition = tags_of(call.headers, "If-None-Match")
    return condition is not None and condition.matches_weakly(etag)
