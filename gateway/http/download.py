"""Octets to the client at the client's pace, and not a moment longer than the client stays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, Protocol, runtime_checkable

from msgspec.structs import replace
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.errors import PreconditionFailed, RangeNotSatisfiable
from gateway.http.boundary import AnswerCut
from gateway.http.conditional import tags_of
from gateway.http.connected import while_connected
from gateway.http.disposition import disposition, media_type
from gateway.http.ranges import parse_range
from gateway.http.reply import head
from gateway.mail.download import ByteRange, Download

IMMUTABLE: Final = "private, max-age=31536000, immutable"
"""A message never changes under its id; the answer is the caller's alone."""

Opener = Callable[[ByteRange | None], Awaitable[Download]]


@runtime_checkable
class _Closable(Protocol):
    async def aclose(self) -> None: ...


async def serve_download(headers: Headers, head_only: bool, opener: Opener) -> Response:
    """Conditions before the range, in the order of RFC 9110 section 13.2.2. Raises what ``opener`` raises."""
    wanted = None if head_only else parse_range(headers.get("range"))  # ranges are for GET: RFC 9110 section 14.2
    if_match, if_none_match = tags_of(headers, "If-Match"), tags_of(headers, "If-None-Match")
    if_range = headers.get("if-range") if wanted is not None else None
    if head_only or if_match or if_none_match or if_range is not None:
        known = await _probe(opener)
        if if_match is not None and not if_match.matches_strongly(known.etag):
            raise PreconditionFailed("the resource has another entity tag", field="If-Match")
        if if_none_match is not None and if_none_match.matches_weakly(known.etag):
            return Response(status_code=304, headers=_caching(known))
        if head_only:
            return head(_headers(known, partial=False))
        if if_range not in (None, known.etag):
            wanted = None
    return DownloadResponse(await opener(wanted), ranged=wanted is not None)


async def _probe(opener: Opener) -> Download:
    """What there is to know of the whole without its octets: asking for one of them is the cheap way to it."""
    try:
        first = await opener(ByteRange(0, 0))
    except RangeNotSatisfiable:
        first = await opener(None)
    await close(first.chunks)
    return replace(first, start=0, stop=first.size)


class DownloadResponse(Response):
    """Sends nothing before the first octets are there, so that a failure until then is a proper problem."""

    def __init__(self, download: Download, *, ranged: bool) -> None:
        self.background = None
        partial = download.ranges and download.size is not None and ranged
        self.status_code = 206 if partial else 200
        self._download = download
        self.init_headers(_headers(download, partial=partial))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await while_connected(receive, self._forward(send))
        finally:
            await close(self._download.chunks)

    async def _forward(self, send: Send) -> None:
        expected, sent = _length(self._download), 0
        chunk = await anext(self._download.chunks, None)
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        while chunk is not None:
            sent += len(chunk)
            if expected is not None and sent > expected:
                raise AnswerCut("more octets than announced")
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            chunk = await anext(self._download.chunks, None)
        if expected is not None and sent < expected:
            raise AnswerCut("fewer octets than announced")
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def close(chunks: AsyncIterator[bytes]) -> None:
    """Give up on the rest, and on the connection behind it."""
    if isinstance(chunks, _Closable):
        await chunks.aclose()


def _length(download: Download) -> int | None:
    """Octets that ``chunks`` will yield; None where that is not known beforehand."""
    return None if download.stop is None else download.stop - download.start


def _caching(download: Download) -> dict[str, str]:
    return {"ETag": download.etag, "Cache-Control": IMMUTABLE, "Vary": "Authorization"}


def _headers(download: Download, *, partial: bool) -> dict[str, str]:
    headers = _caching(download) | {
        "Content-Type": media_type(download.content_type),
        "Content-Disposition": disposition(download.filename, inline=download.inline),
        "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "Accept-Ranges": "bytes" if download.ranges else "none",
    }
    length = _length(download)
    if length is not None:
        headers["Content-Length"] = str(length)
    if partial and download.stop is not None:
        headers["Content-Range"] = f"bytes {download.start}-{download.stop - 1}/{download.size}"
    return headers
