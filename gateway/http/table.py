"""All endpoints of the API, in the order of the documentation."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from gateway.http.body import NoBody
from gateway.http.call import Call
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint, Public
from gateway.http.openapi import document
from gateway.http.query import NoQuery
from gateway.http.reply import variant
from gateway.http.routes import (
    about,
    accounts,
    archives,
    batch,
    bulk,
    changes,
    content,
    events,
    exports,
    flags,
    folders,
    messages,
    parts,
    quota,
    rights,
    search,
    search_exports,
    structured,
    threads,
    tickets,
    transfer,
)
from gateway.settings.model import Limits


def table(limits: Limits) -> tuple[AnyEndpoint, ...]:
    """Every endpoint; the last describes all of them, with the bounds that ``limits`` set."""

    async def get_openapi(call: Call[NoQuery, None]) -> Response:
        return variant(call, described, "application/json", about.PUBLIC)

    served = (
        *accounts.ENDPOINTS,
        *quota.ENDPOINTS,
        *folders.ENDPOINTS,
        *rights.ENDPOINTS,
        *changes.ENDPOINTS,
        *messages.ENDPOINTS,
        *search.ENDPOINTS,
        *threads.ENDPOINTS,
        *content.ENDPOINTS,
        *parts.ENDPOINTS,
        *structured.ENDPOINTS,
        *flags.ENDPOINTS,
        *transfer.ENDPOINTS,
        *bulk.ENDPOINTS,
        *exports.ENDPOINTS,
        *search_exports.ENDPOINTS,
        *archives.ENDPOINTS,
        *events.ENDPOINTS,
        *tickets.ENDPOINTS,
        *about.ENDPOINTS,
    )
    endpoints = (
        *served,
        batch.batch(served),
        Endpoint(
            method="GET",
            path="/openapi.json",
            scope=Public(),
            handler=get_openapi,
            summary="The OpenAPI document",
            tag="about",
            query=NoQuery,
            body=NoBody(),
            answers=(Answer(200, "OpenAPI 3.1.", dict[str, Any]),),
        ),
    )
    described = msgspec.json.encode(document(endpoints, limits))
    return endpoints


def openapi(limits: Limits | None = None) -> dict[str, Any]:
    """The OpenAPI 3.1 document, with the bounds that ``limits`` set (default: the defaults)."""
    bounds = limits or Limits()
    return document(table(bounds), bounds)
