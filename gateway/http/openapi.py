"""The OpenAPI 3.1 document, out of the same table and types that serve the requests, so that it can't drift."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from gateway.errors import Reply, replies
from gateway.http.endpoint import NAMES, PATH, Answer, AnyEndpoint
from gateway.http.idempotent import HEADER as IDEMPOTENCY_KEY
from gateway.http.limited import MEANING as RATES
from gateway.http.problem import MEDIA_TYPE, Problem, type_uri
from gateway.identity.scope import MEANING, Scope
from gateway.live.event import Bye, Hello, Resync
from gateway.mail.quota_level import QuotaNews
from gateway.settings.model import Limits

Json: TypeAlias = dict[str, Any]
API_VERSION: Final = "1.0.0"
"""Of the API described, which is not that of the program."""

_REF: Final = "#/components/schemas/{name}"
_EVENTS: Final = (Hello, Resync, QuotaNews, Bye)
"""Described although no JSON answer is one: they are the data of server-sent events."""

_SECURITY: Final = "bearer"
_TICKET: Final = "ticket"


def document(table: Sequence[AnyEndpoint], limits: Limits) -> Json:
    """The whole document. ``limits`` bound parameters whose maximum is configured."""
    schemas = _Schemas(table)
    paths: dict[str, Json] = {}
    for endpoint in table:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas, limits)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "IMAP gateway",
            "version": API_VERSION,
            "summary": "Mail folders, messages, flags and live events over HTTP",
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "tags": [{"name": name} for name in dict.fromkeys(endpoint.tag for endpoint in table)],
        "components": {
            "schemas": schemas.components,
            "examples": {kind.type: _example(kind) for kind in replies().values()},
            "securitySchemes": {_SECURITY: _security(), _TICKET: _ticket()},
        },
    }


def _security() -> Json:
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of a configured issuer; /.well-known/oauth-protected-resource names them, and "
        "tells whether tokens may, or must, be bound to a key: those are sent with the scheme DPoP and a proof in the "
        "header of that name (RFC 9449).",
        "x-scopes": {scope.value: MEANING[scope] for scope in Scope},
    }


def _ticket() -> Json:
    return {
        "type": "apiKey",
        "in": "query",
        "name": "ticket",
        "description": "In place of a token and of all other parameters, for EventSource, which can't send a header: "
        "POST …/events/tickets gives it. It opens one stream, once, within 30 seconds.",
    }


class _Schemas:
    """JSON schemas of all types that the table speaks of."""

    def __init__(self, table: Iterable[AnyEndpoint]) -> None:
        kinds: list[Any] = [Problem, *_EVENTS]
        for endpoint in table:
            for answer in endpoint.answers:
                kinds += [kind for kind in (answer.type, answer.otherwise) if kind is not None]
            if endpoint.body.type is not None:
                kinds.append(endpoint.body.type)
        self._kinds = list(dict.fromkeys(kinds))
        schemas, self.components = msgspec.json.schema_components(self._kinds, ref_template=_REF)
        self._schemas = dict(zip(self._kinds, schemas, strict=True))

    def of(self, kind: Any) -> Json:
        return dict(self._schemas[kind])


def _operation(endpoint: AnyEndpoint, schemas: _Schemas, limits: Limits) -> Json:
    operation: Json = {
        "operationId": endpoint.operation_id,
        "summary": endpoint.summary,
        "tags": [endpoint.tag],
        "parameters": [*_path(endpoint), *_query(endpoint, limits), *_headers(endpoint)],
        "responses": _limited(endpoint, _answers(endpoint, schemas) | _problems(endpoint, schemas)),
        "security": _securities(endpoint),
    }
    if endpoint.description:
        operation["description"] = endpoint.description
    if endpoint.body.media_type is not None:
        schema = schemas.of(endpoint.body.type) if endpoint.body.type is not None else {}
        operation["requestBody"] = {"required": True, "content": {endpoint.body.media_type: {"schema": schema}}}
    return operation


def _securities(endpoint: AnyEndpoint) -> list[Json]:
    """Any one of them lets in."""
    token: list[Json] = [{_SECURITY: [endpoint.needs]}] if endpoint.needs else []
    return [*token, {_TICKET: []}] if endpoint.by_ticket else token


def _path(endpoint: AnyEndpoint) -> list[Json]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": PATH[name].description,
            "schema": {"type": "string", "pattern": f"^{PATH[name].pattern}$", "maxLength": PATH[name].max_length},
            "example": PATH[name].example,
        }
        for name in NAMES.findall(endpoint.path)
    ]


def _query(endpoint: AnyEndpoint, limits: Limits) -> list[Json]:
    """One parameter for each field of the Struct that parses them."""
    _, components = msgspec.json.schema_components([endpoint.query], ref_template=_REF)
    described = components[endpoint.query.__name__]
    return [
        _parameter(name, schema, name in described["required"], limits)
        for name, schema in described["properties"].items()
    ]


def _parameter(name: str, schema: Json, required: bool, limits: Limits) -> Json:
    schema = dict(schema)
    if name == "limit":
        schema.setdefault("maximum", limits.page_max)
    parameter: Json = {"name": name, "in": "query", "required": required, "schema": schema}
    if "description" in schema:
        parameter["description"] = schema.pop("description")
    if schema.get("type") == "array":
        parameter |= {"style": "form", "explode": False}
    return parameter


def _headers(endpoint: AnyEndpoint) -> list[Json]:
    described = dict(endpoint.headers)
    if endpoint.method == "POST" and endpoint.replayed:
        described[IDEMPOTENCY_KEY] = "the same key and request is carried out once, and answered alike for a day"
    if endpoint.method == "GET" and endpoint.conditional:
        described.setdefault("If-None-Match", "entity tags the client has; one of them still standing gives 304")
    return [
        {"name": name, "in": "header", "required": False, "description": text, "schema": {"type": "string"}}
        for name, text in described.items()
        if name.lower() not in ("accept", "content-type", "authorization")  # OpenAPI describes these otherwise
    ]


def _answers(endpoint: AnyEndpoint, schemas: _Schemas) -> Json:
    """Successes by status; several media types of one status share an entry."""
    responses: dict[str, Json] = {}
    for answer in endpoint.answers:
        entry = responses.setdefault(str(answer.status), {"description": answer.description, "headers": {}})
        entry["headers"] |= _described({**answer.headers, "X-Request-Id": "names this request in the gateway's log"})
        if answer.media_type is not None:
            entry.setdefault("content", {})[answer.media_type] = _content(answer, schemas)
    if endpoint.method == "GET" and endpoint.conditional:
        responses["304"] = {"description": "The client has it already.", "headers": _described({"ETag": "its tag"})}
    return responses


def _limited(endpoint: AnyEndpoint, responses: Json) -> Json:
    """Whoever is known is told what is left of his rate, whatever the answer."""
    if endpoint.needs is not None:
        for status, response in responses.items():
            if status != "401":
                response["headers"] |= _described(RATES)
    return responses


def _content(answer: Answer, schemas: _Schemas) -> Json:
    if answer.type is None:
        return {"schema": {}}
    content: Json = {"schema": schemas.of(answer.type)}
    if answer.otherwise is not None:
        content["schema"] = {"anyOf": [content["schema"], schemas.of(answer.otherwise)]}
    if answer.example is not None:
        content["example"] = msgspec.to_builtins(answer.example)
    return content


def _problems(endpoint: AnyEndpoint, schemas: _Schemas) -> Json:
    """Errors by status, each with an example for every kind of problem it may be."""
    known = replies()
    by_status: dict[int, list[Reply]] = {}
    for slug in endpoint.every_error():
        by_status.setdefault(known[slug].status, []).append(known[slug])
    return {str(status): _problem(status, kinds, schemas) for status, kinds in sorted(by_status.items())}


def _problem(status: int, kinds: Sequence[Reply], schemas: _Schemas) -> Json:
    headers: dict[str, str] = {"X-Request-Id": "names this request in the gateway's log"}
    if any(kind.retry_after is not None for kind in kinds):
        headers["Retry-After"] = "seconds"
    if status in (401, 403):
        headers["WWW-Authenticate"] = "Bearer, with error, scope and resource_metadata (RFC 6750, RFC 9728)"
    return {
        "description": " / ".join(dict.fromkeys(f"{kind.title}." for kind in kinds)),
        "headers": _described(headers),
        "content": {
            MEDIA_TYPE: {
                "schema": schemas.of(Problem),
                "examples": {k.type: {"$ref": f"#/components/examples/{k.type}"} for k in kinds},
            }
        },
    }


def _example(kind: Reply) -> Json:
    value = Problem(
        type=type_uri(kind),
        title=kind.title,
        status=kind.status,
        detail=kind.title,
        instance="/v1/accounts/me",
        request_id="5f0c1d2e3b4a59687786a5b4",
        retryable=kind.retryable,
    )
    return {"summary": kind.title, "value": msgspec.to_builtins(value)}


def _described(headers: Mapping[str, str]) -> Json:
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in headers.items()}
