"""Parts that hold something of their own: attached messages, and all attachments together."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gateway.http import reply
from gateway.http.body import NoBody
from gateway.http.call import Call
from gateway.http.download import serve_download
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.html_page import html_answer, prefers_html
from gateway.http.query import NoQuery
from gateway.http.routes.errors import DOWNLOAD, MAIL
from gateway.http.routes.examples import BODY, EMBEDDED
from gateway.http.routes.messages import BodyQuery
from gateway.identity.scope import Scope
from gateway.mail import attachments, body, embedded
from gateway.mail.download import ByteRange, Download
from gateway.mail.resource import Body, EmbeddedMessage


async def get_attachments(call: Call[NoQuery, None]) -> Response:
    account = await call.account()

    async def opener(_: ByteRange | None) -> Download:
        return await attachments.open_attachments(call.desk, account, call.message)

    return await serve_download(call.headers, call.head_only, opener)


async def get_embedded_message(call: Call[NoQuery, None]) -> Response:
    found = await embedded.get_embedded(
        call.desk, await call.account(), call.message, call.path["part"], call.part_href
    )
    return reply.fixed(call, found)


async def get_embedded_body(call: Call[BodyQuery, None]) -> Response:
    query = call.query
    found = await body.get_body(
        call.desk,
        await call.account(),
        call.message,
        max_bytes=query.max_bytes,
        remote=query.remote,
        part_href=call.part_href,
        embedded=call.path["part"],
    )
    if prefers_html(call.headers.get("accept", "")):
        return html_answer(call, found, query.remote)
    return reply.fixed(call, found)


_MESSAGE: Final = "/v1/accounts/{account}/messages/{message}"
_PART: Final = _MESSAGE + "/parts/{part}"

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path=_MESSAGE + "/attachments.zip",
        scope=Scope.READ,
        handler=get_attachments,
        bulk=True,
        counted="bulk",
        summary="All attachments in one zip archive, streamed",
        description="What `attachments` of the body lists, decoded, under safe names of which no two are alike. "
        "Its size is not known beforehand, so no ranges are served; an archive that was cut off has no directory.",
        tag="messages",
        query=NoQuery,
        body=NoBody(),
        answers=(
            Answer(
                200,
                "The archive.",
                media_type="application/zip",
                headers={"ETag": "strong; the octets never change", "Content-Disposition": "`attachment`, with a name"},
            ),
        ),
        errors=tuple(slug for slug in DOWNLOAD if slug != "range-not-satisfiable"),
        headers={"If-Match": "entity tags of which one must still stand"},
    ),
    Endpoint(
        method="GET",
        path=_PART + "/message",
        scope=Scope.READ,
        handler=get_embedded_message,
        summary="An attached message: headers and MIME structure",
        description="For a part of type message/rfc822. Its parts have ids of the message it is attached to, and are "
        "had in the same way; one of them may be a message again.",
        tag="messages",
        query=NoQuery,
        body=NoBody(),
        answers=(Answer(200, "The attached message.", EmbeddedMessage, example=EMBEDDED),),
        errors=MAIL,
    ),
    Endpoint(
        method="GET",
        path=_PART + "/body",
        scope=Scope.READ,
        handler=get_embedded_body,
        summary="What a reader sees of an attached message",
        description="As the body of a message, for a part of type message/rfc822.",
        tag="messages",
        query=BodyQuery,
        body=NoBody(),
        answers=(
            Answer(200, "The body.", Body, example=BODY),
            Answer(200, "The sanitised HTML, or the text as a page.", media_type="text/html"),
        ),
        errors=(*MAIL, "encoding-unknown"),
        headers={"Accept": "text/html for the sanitised HTML itself"},
    ),
)
