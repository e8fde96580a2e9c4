"""What a batch is asked and what it answers, as typed values."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from gateway.http.problem import Problem
from gateway.mail.request import Request
from gateway.mail.resource import Resource

MAX_OPERATIONS = 50
OperationId = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,64}$", description="yours to choose, once in a batch")]


class OperationHeaders(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, rename={"if_match": "If-Match"}):
    if_match: Annotated[str, Meta(pattern=r"^[\x20-\x7e]{1,8192}$", description="as on the request by itself")]


class Operation(Request, kw_only=True, frozen=True):
    """One request of a batch. ``path`` and ``body`` may refer to the answers of operations before it."""

    id: OperationId
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=16_384,
            description="below the account, with its query, such as `folders/inbox/messages?limit=1`; `{a:/id}` "
            "stands for what is at the JSON Pointer `/id` of the answer of operation `a`",
        ),
    ]
    body: Annotated[
        Any,
        Meta(description='JSON; {"#ref": {"of": "a", "path": "/messages/*/id"}} stands for a string, or with * a list'),
    ] = UNSET
    headers: OperationHeaders | UnsetType = UNSET


class Batch(Request, kw_only=True, frozen=True):
    """Operations to carry out in this order."""

    operations: Annotated[list[Operation], Meta(min_length=1, max_length=MAX_OPERATIONS)]
    stop_on_error: Annotated[bool, Meta(description="none is tried after one that failed")] = False


class OperationResult(Resource, kw_only=True, frozen=True):
    """What became of one operation: the status and body that its request by itself would have got."""

    id: str
    status: int
    body: Annotated[Any, Meta(description="where it succeeded and there is one")] = UNSET
    body_omitted: Annotated[
        bool | UnsetType, Meta(description="it succeeded, but the batch's answer had no room for its body")
    ] = UNSET
    problem: Annotated[Problem | UnsetType, Meta(description="where it failed")] = UNSET
    etag: Annotated[str | UnsetType, Meta(description="the ETag header of its answer")] = UNSET


class BatchResult(Resource, kw_only=True, frozen=True):
    """One result for each operation, in their order."""

    results: list[OperationResult]
