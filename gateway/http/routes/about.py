"""What the gateway says of itself, to anyone: metadata, problems, the OpenAPI document and a page that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

import msgspec
from msgspec import Struct
from starlette.responses import Response

from gateway.errors import NotFound, replies
from gateway.http.base import base_url
from gateway.http.body import NoBody
from gateway.http.call import Call
from gateway.http.challenge import METADATA_PATH
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint, Public
from gateway.http.query import NoQuery
from gateway.http.reply import variant
from gateway.identity.metadata import ProtectedResource, protected_resource

PUBLIC: Final = {"Cache-Control": "public, max-age=300"}
_PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_PAGE_FILES: Final[Mapping[str, str]] = {
    "docs.html": "text/html; charset=utf-8",
    "docs.js": "text/javascript; charset=utf-8",
    "docs.css": "text/css; charset=utf-8",
}
_PAGE: Final[Mapping[str, bytes]] = {
    name: files("gateway.http").joinpath("page", name).read_bytes() for name in _PAGE_FILES
}


class ProblemType(Struct, rename="camel", kw_only=True, frozen=True):
    """A kind of problem: what its `type` URI leads to."""

    type: str
    title: str
    status: int
    retryable: bool


async def get_metadata(call: Call[NoQuery, None]) -> Response:
    settings = call.services.settings
    value = protected_resource(base_url(call.request.scope), settings.issuers)
    return _json(call, value)


async def get_problem(call: Call[NoQuery, None]) -> Response:
    known = replies().get(call.path["slug"])
    if known is None:
        raise NotFound("no such problem", field="slug")
    kind = ProblemType(
        type=f"/problems/{known.type}", title=known.title, status=known.status, retryable=known.retryable
    )
    return _json(call, kind)


async def get_page(call: Call[NoQuery, None]) -> Response:
    return _file(call, "docs.html")


async def get_page_file(call: Call[NoQuery, None]) -> Response:
    return _file(call, call.path["file"])


def _json(call: Call[NoQuery, None], value: object) -> Response:
    return variant(call, msgspec.json.encode(value), "application/json", PUBLIC)


def _file(call: Call[NoQuery, None], name: str) -> Response:
    if name not in _PAGE_FILES:
        raise NotFound("no such file", field="file")
    return variant(call, _PAGE[name], _PAGE_FILES[name], PUBLIC | {"Content-Security-Policy": _PAGE_POLICY})


ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path=METADATA_PATH,
        scope=Public(),
        handler=get_metadata,
        summary="Protected resource metadata (RFC 9728)",
        tag="about",
        query=NoQuery,
        body=NoBody(),
        answers=(Answer(200, "Which issuers' tokens are accepted, and for which scopes.", ProtectedResource),),
    ),
    Endpoint(
        method="GET",
        path="/problems/{slug}",
        scope=Public(),
        handler=get_problem,
        summary="What a problem's `type` means",
        tag="about",
        query=NoQuery,
        body=NoBody(),
        answers=(Answer(200, "The kind of problem.", ProblemType),),
        errors=("not-found",),
    ),
    Endpoint(
        method="GET",
        path="/docs",
        scope=Public(),
        handler=get_page,
        summary="This documentation as a page",
        tag="about",
        query=NoQuery,
        body=NoBody(),
        answers=(Answer(200, "The page.", media_type="text/html"),),
    ),
    Endpoint(
        method="GET",
        path="/docs/{file}",
        scope=Public(),
        handler=get_page_file,
        summary="Script and style of the page",
        tag="about",
        query=NoQuery,
        body=NoBody(),
        answers=(Answer(200, "The file.", media_type="*/*"),),
        errors=("not-found",),
    ),
)
