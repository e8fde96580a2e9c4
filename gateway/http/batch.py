"""Carrying out a batch: each operation as its request by itself would be, one after the other on one connection."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

import msgspec
import structlog
from msgspec import UNSET, Struct, field
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import DependencyFailed, GatewayError, InsufficientScope, InvalidRequest, PreconditionFailed
from gateway.http import query
from gateway.http.base import ROUTE
from gateway.http.body import decode
from gateway.http.call import Call
from gateway.http.endpoint import AnyEndpoint
from gateway.http.limited import COUNTED, count_caller
from gateway.http.noted import note_refusal
from gateway.http.operation import Batch, BatchResult, Operation, OperationResult
from gateway.http.paths import Paths
from gateway.http.problem import problem_of
from gateway.http.query import NoQuery
from gateway.http.reference import Answers
from gateway.http.serve import path_values
from gateway.http.services import Services
from gateway.identity.scope import Scope
from gateway.mail.sitting import Sitting

MAX_ANSWER: Final = 4 * 1024 * 1024
"""Octets of all bodies in a batch's answer."""
_PATH: Final = re.compile(r"[!-~]+")
_log = structlog.get_logger("gateway.http")


class Run(Struct):
    """One batch under way."""

    call: Call[NoQuery, Batch]
    paths: Paths
    bodies: dict[str, bytes | None] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    octets: int = 0

    async def results(self) -> BatchResult:
        """Never fails by an operation's failure."""
        operations = self.call.body.operations
        ids = [operation.id for operation in operations]
        if len(set(ids)) < len(ids):
            at = next(at for at, one in enumerate(ids) if one in ids[:at])
            raise InvalidRequest("two operations have this id", field=f"operations[{at}].id")
        answers = Answers(self.bodies, self.failed, frozenset(ids))
        writes = any(operation.method != "GET" for operation in operations)
        async with Sitting.at(self.call.desk, writes=writes) as sitting:
            one = _One(self.call, self.paths, replace(self.call.services, desk=sitting), answers)
            return BatchResult(results=[await self._result(operation, one) for operation in operations])

    async def _result(self, operation: Operation, one: _One) -> OperationResult:
        path = operation.path
        try:
            if self.failed and self.call.body.stop_on_error:
                raise DependencyFailed("an operation before it failed, and stopOnError is set")
            path = one.answers.in_path(path)
            response = await one.answer(operation, path)
        except GatewayError as error:
            self.failed.add(operation.id)
            return self._problem(operation, path, error)
        return self._success(operation, response)

    def _success(self, operation: Operation, response: Response) -> OperationResult:
        body, etag = bytes(response.body), response.headers.get("etag", UNSET)
        result = OperationResult(id=operation.id, status=response.status_code, etag=etag)
        if not body or self.octets + len(body) > MAX_ANSWER:
            self.bodies[operation.id] = None
            return msgspec.structs.replace(result, body_omitted=True) if body else result
        self.octets += len(body)
        self.bodies[operation.id] = body
        return msgspec.structs.replace(result, body=msgspec.Raw(body))

    def _problem(self, operation: Operation, path: str, error: GatewayError) -> OperationResult:
        scope = {**self.call.request.scope, **_where(self.call, path)}
        problem = problem_of(error, scope)
        note_refusal(error, scope)
        if problem.status >= 500:
            _log.warning("operation_failed", error=type(error).__name__, code=error.imap_code)
        now = error.etag if isinstance(error, PreconditionFailed) else None
        return OperationResult(id=operation.id, status=problem.status, problem=problem, etag=now or UNSET)


class _One(Struct, frozen=True):
    """How one operation is answered; what is missing to it is that it came as a request of its own."""

    call: Call[NoQuery, Batch]
    paths: Paths
    services: Services
    answers: Answers

    async def answer(self, operation: Operation, path: str) -> Response:
        """In the order of a request by itself: permission, path, query, body. Raises what the endpoint raises."""
        if not _PATH.fullmatch(path) or "#" in path:
            raise InvalidRequest("a path is percent-encoded", field="path")
        bare, _, sent = path.partition("?")
        endpoint, found = self.paths.find(operation.method, bare)
        if isinstance(endpoint.scope, Scope) and not self.call.caller.allows(endpoint.scope):
            raise InsufficientScope(endpoint.scope.value)
        scope = {**self.call.request.scope, **self._scope(operation, endpoint, path), COUNTED: endpoint.counted}
        await count_caller(scope, self.services, self.call.caller, endpoint.counted)
        call = Call(
            request=Request(scope),
            services=self.services,
            principal=self.call.principal,
            path=path_values(endpoint.path, {**found, "account": self.call.path["account"]}),
            query=query.parse(sent.encode(), endpoint.query),
            body=self._body(operation, endpoint),
        )
        return await endpoint.handler(call)

    def _scope(self, operation: Operation, endpoint: AnyEndpoint, path: str) -> Mapping[str, Any]:
        headers: list[tuple[bytes, bytes]] = []
        if operation.headers is not UNSET:
            if "If-Match" not in endpoint.headers:
                raise InvalidRequest("this operation takes no If-Match", field="headers.If-Match")
            headers = [(b"if-match", operation.headers.if_match.encode("ascii"))]
        return {**_where(self.call, path), "method": operation.method, "headers": headers, ROUTE: endpoint.path}

    def _body(self, operation: Operation, endpoint: AnyEndpoint) -> Any:
        if endpoint.body.media_type is None:
            if operation.body is not UNSET:
                raise InvalidRequest("this operation has no body", field="body")
            return None
        if operation.body is UNSET:
            raise InvalidRequest("this operation needs a body", field="body")
        return decode(msgspec.json.encode(self.answers.in_body(operation.body)), endpoint.body.type)


def _where(call: Call[Any, Any], path: str) -> dict[str, Any]:
    bare, _, sent = path.partition("?")
    raw = quote(call.href(bare), safe="/%~@!$&'()*+,;=:{}").encode()
    return {"path": call.href(_decoded(bare)), "raw_path": raw, "query_string": sent.encode("utf-8", "replace")}


def _decoded(path: str) -> str:
    return unquote_to_bytes(path).decode("utf-8", "replace")
