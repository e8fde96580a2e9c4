"""Several requests in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from starlette.responses import Response

from gateway.http import reply
from gateway.http.batch import MAX_ANSWER, Run
from gateway.http.body import JsonBody
from gateway.http.call import Call
from gateway.http.endpoint import ACCOUNT, Answer, AnyEndpoint, Endpoint
from gateway.http.operation import MAX_OPERATIONS, Batch, BatchResult, OperationResult
from gateway.http.paths import Paths
from gateway.http.query import NoQuery
from gateway.http.routes.examples import MESSAGE_ID
from gateway.identity.scope import Scope
from gateway.mail.resource import MoveResult

_EXAMPLE: Final = BatchResult(
    results=[
        OperationResult(id="a", status=200, body=msgspec.to_builtins(MoveResult(id=MESSAGE_ID))),
        OperationResult(id="b", status=204),
    ]
)


def batch(table: Sequence[AnyEndpoint]) -> AnyEndpoint:
    """The endpoint that has the others of ``table`` carried out, as far as they say ``in_batch``."""
    listed = sorted(f"{one.method} {one.path.removeprefix(ACCOUNT)}" for one in table if one.in_batch)
    paths = Paths(table)

    async def run_batch(call: Call[NoQuery, Batch]) -> Response:
        await call.account()
        return reply.json(await Run(call, paths).results())

    endpoint: AnyEndpoint = Endpoint(
        method="POST",
        path=ACCOUNT + "batch",
        scope=Scope.METADATA,
        handler=run_batch,
        bulk=True,
        summary=f"Up to {MAX_OPERATIONS} requests in one, in order, each with a status of its own",
        description="An operation needs the scope that its request by itself needs. One whose reference can't be "
        "resolved fails with 422; one that refers to an operation that failed is not tried: 424 `dependency-failed`. "
        f"All bodies together have at most {MAX_ANSWER} octets; what succeeded beyond has `bodyOmitted`. An "
        "Idempotency-Key is for the whole batch. These may be operations: " + ", ".join(f"`{one}`" for one in listed),
        tag="batch",
        query=NoQuery,
        body=JsonBody(Batch),
        answers=(Answer(200, "What became of each operation.", BatchResult, example=_EXAMPLE),),
        errors=("not-found",),
    )
    paths.add(endpoint)  # known, to be told apart from what is not there
    return endpoint
