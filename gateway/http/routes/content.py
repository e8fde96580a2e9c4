"""Octets: the whole message, or one of its parts decoded."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gateway.http.body import NoBody
from gateway.http.call import Call
from gateway.http.download import serve_download
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.query import NoQuery
from gateway.http.routes.errors import DOWNLOAD
from gateway.identity.scope import Scope
from gateway.mail import content
from gateway.mail.download import ByteRange, Download


async def get_raw(call: Call[NoQuery, None]) -> Response:
    account = await call.account()

    async def opener(wanted: ByteRange | None) -> Download:
        return await content.open_raw(call.desk, account, call.message, wanted)

    return await serve_download(call.headers, call.head_only, opener)


async def get_part(call: Call[NoQuery, None]) -> Response:
    account, part = await call.account(), call.path["part"]

    async def opener(wanted: ByteRange | None) -> Download:
        return await content.open_part(call.desk, account, call.message, part, wanted)

    return await serve_download(call.headers, call.head_only, opener)


_MESSAGE: Final = "/v1/accounts/{account}/messages/{message}"
_REQUEST: Final = {
    "Range": "one range of octets; several, or another unit, are answered with the whole",
    "If-Range": "an entity tag: the range is served only while it still stands",
    "If-None-Match": "entity tags the client has",
    "If-Match": "entity tags of which one must still stand",
}
_ANSWER: Final = {
    "ETag": "strong; the octets never change",
    "Accept-Ranges": "`bytes`, or `none` where only the whole can be had",
    "Content-Disposition": "`attachment` or `inline`, with the file's name",
}
_PARTIAL: Final = {**_ANSWER, "Content-Range": "which octets of how many"}

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path=_MESSAGE + "/raw",
        scope=Scope.READ,
        handler=get_raw,
        bulk=True,
        summary="The message as it came, streamed",
        tag="messages",
        query=NoQuery,
        body=NoBody(),
        answers=(
            Answer(200, "The whole message.", media_type="message/rfc822", headers=_ANSWER),
            Answer(206, "The range.", media_type="message/rfc822", headers=_PARTIAL),
        ),
        errors=DOWNLOAD,
        headers=_REQUEST,
    ),
    Endpoint(
        method="GET",
        path=_MESSAGE + "/parts/{part}",
        scope=Scope.READ,
        handler=get_part,
        bulk=True,
        summary="One part, decoded, streamed",
        description="Ranges are exact, and offered only where the mail server makes that possible: see Accept-Ranges.",
        tag="messages",
        query=NoQuery,
        body=NoBody(),
        answers=(
            Answer(200, "The whole part.", media_type="*/*", headers=_ANSWER),
            Answer(206, "The range.", media_type="*/*", headers=_PARTIAL),
        ),
        errors=DOWNLOAD,
        headers=_REQUEST,
    ),
)
