"""All endpoints of the API, in the order of the documentation."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.responses import Response

from gateway.http.body import NoBody
from gateway.http.call import Call
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint, Public
from gateway.http.openapi import document
from gateway.http.query import NoQuery
from gateway.http.reply import variant
from gateway.http.routes import about, accounts, bulk, content, events, flags, folders, messages, transfer
from gateway.settings.model import Limits


async def get_openapi(call: Call[NoQuery, None]) -> Response:
    described = openapi(call.services.settings.limits)
    return variant(call, msgspec.json.encode(described), "application/json", {"Cache-Control": "public, max-age=300"})


_OPENAPI: Final = Endpoint(
    method="GET",
    path="/openapi.json",
    scope=Public(),
    handler=get_openapi,
    summary="The OpenAPI document",
    tag="about",
    query=NoQuery,
    body=NoBody(),
    answers=(Answer(200, "OpenAPI 3.1.", dict[str, object]),),
)

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    *accounts.ENDPOINTS,
    *folders.ENDPOINTS,
    *messages.ENDPOINTS,
    *content.ENDPOINTS,
    *flags.ENDPOINTS,
    *transfer.ENDPOINTS,
    *bulk.ENDPOINTS,
    *events.ENDPOINTS,
    *about.ENDPOINTS,
    _OPENAPI,
)


def openapi(limits: Limits | None = None) -> dict[str, object]:
    """The OpenAPI 3.1 document, with the bounds that ``limits`` set (default: the defaults)."""
    return document(ENDPOINTS, limits or Limits())
