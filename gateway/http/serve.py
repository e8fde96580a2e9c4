"""From a table of endpoints to ASGI: cap, token, scope, idempotency, parsing, handler - in this order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import lru_cache
from typing import Final

from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import InvalidRequest
from gateway.http import query
from gateway.http.admission import Admission, admit
from gateway.http.base import LEAVING, NEEDS, ROUTE
from gateway.http.call import Call
from gateway.http.cap import bodiless, capped, timely
from gateway.http.connected import while_connected
from gateway.http.endpoint import NAMES, PATH, AnyEndpoint
from gateway.http.idempotent import key_of, serve_once
from gateway.http.limited import begin, count_caller
from gateway.http.problem import NotAllowed
from gateway.http.services import Services, services_of

_PATTERNS: Final = {name: re.compile(known.pattern) for name, known in PATH.items()}
_NO_ID: Final = {"flag": "this is no flag", "who": "this is no identifier that rights can be granted to"}


def resources(table: Iterable[AnyEndpoint]) -> dict[str, Resource]:
    """One resource a path, whatever methods it has."""
    by_path: dict[str, dict[str, AnyEndpoint]] = {}
    for endpoint in table:
        methods = by_path.setdefault(endpoint.path, {})
        if endpoint.method in methods:
            raise ValueError(f"{endpoint.method} {endpoint.path} is there twice")
        methods[endpoint.method] = endpoint
    return {path: Resource(path, methods) for path, methods in by_path.items()}


class Resource:
    """ASGI: one path of the table, all its methods; HEAD wherever there is GET, OPTIONS everywhere."""

    def __init__(self, path: str, methods: Mapping[str, AnyEndpoint]) -> None:
        self._path = path
        self._methods = methods
        known = [*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"]
        self._allow = tuple(sorted(known))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[ROUTE] = self._path
        method = scope["method"]
        if method == "OPTIONS":
            await Response(status_code=204, headers={"Allow": ", ".join(self._allow)})(scope, receive, send)
            return
        endpoint = self._methods.get("GET" if method == "HEAD" else method)
        if endpoint is None:
            raise NotAllowed(self._allow)
        await _serve(endpoint, scope, receive, _bodiless(send) if method == "HEAD" else send)


async def _serve(endpoint: AnyEndpoint, scope: Scope, receive: Receive, send: Send) -> None:
    services = services_of(scope)
    bare = bodiless(scope)
    if not bare:
        receive = capped(scope, receive, endpoint.body.cap(services.settings.limits))
        receive = timely(receive) if endpoint.body.media_type is not None else receive
    scope[NEEDS] = endpoint.needs
    admission = await admit(endpoint, services, scope)
    if admission.principal is not None:
        begin(scope, endpoint.counted)
        await count_caller(scope, services, admission.principal, endpoint.counted)
    if endpoint.bulk:
        services = structs.replace(services, desk=replace(services.desk, bulk=True))
    if admission.nonce is not None:
        send = _with_nonce(send, admission.nonce)
    app = _handling(endpoint, services, admission, bare=bare)
    keyed = endpoint.method == "POST" and endpoint.replayed
    key = key_of(scope, admission.principal) if admission.principal is not None and keyed else None
    if key is None:
        await app(scope, receive, send)
    else:
        await serve_once(app, scope, receive, send, key=key, store=services.idempotency)


def _handling(endpoint: AnyEndpoint, services: Services, admission: Admission, *, bare: bool) -> ASGIApp:
    """``bare``: nothing of the request is still to come."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> Response:
        request = Request(scope, receive, send)
        with ExitStack() as after:
            call = Call(
                request=request,
                services=services,
                principal=admission.principal,
                path=path_values(endpoint.path, request.path_params),
                query=admission.query or query.parse(scope["query_string"], endpoint.query),
                body=await endpoint.body.read(request, services.settings.limits, after),
            )
            work = endpoint.handler(call)
            # a write is carried through even if nobody waits for the answer
            if endpoint.method == "GET":
                return await while_connected(receive, work, scope.get(LEAVING) if bare else None)
            return await (while_connected(receive, work) if endpoint.repeatable else work)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await answer(scope, receive, send)  # what it was made of is not kept while it is sent
        await response(scope, receive, send)

    return app


@lru_cache(maxsize=256)
def _names(template: str) -> tuple[str, ...]:
    return tuple(NAMES.findall(template))


def path_values(template: str, found: Mapping[str, object]) -> dict[str, str]:
    """The path's parameters. Raises InvalidRequest naming the one that breaks its pattern."""
    values: dict[str, str] = {}
    for name in _names(template):
        value = str(found[name])
        if len(value) > PATH[name].max_length or not _PATTERNS[name].fullmatch(value):
            raise InvalidRequest(_NO_ID.get(name, f"this is no {name} id"), field=name)
        values[name] = value
    return values


def _with_nonce(send: Send, nonce: str) -> Send:
    """The answer tells the client what its next proof should hold (RFC 9449 section 8.2)."""

    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (b"dpop-nonce", nonce.encode("ascii"))]}
        await send(message)

    return telling


def _bodiless(send: Send) -> Send:
    """The answer to HEAD: the headers of GET, and no octet of its body (RFC 9110 section 9.3.2)."""

    async def without(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return without
