"""The same for many messages of a folder: named ones, or all that a filter matches."""

from __future__ import annotations

from typing import Any, Final

from msgspec import UNSET
from starlette.responses import Response

from gateway.errors import InsufficientScope
from gateway.http import reply
from gateway.http.body import JsonBody
from gateway.http.call import Call
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.noted import folder, noted
from gateway.http.query import NoQuery
from gateway.http.routes.errors import SEARCH, TRANSFER, WRITE
from gateway.http.routes.examples import MESSAGE_ID
from gateway.identity.scope import Scope
from gateway.mail import bulk
from gateway.mail.request import BulkDelete, BulkFlags, BulkMove, Selection
from gateway.mail.resource import BulkResult, Outcome


async def bulk_flags(call: Call[NoQuery, BulkFlags]) -> Response:
    _check(call, call.body)
    return reply.json(await bulk.bulk_flags(call.desk, await call.account(), call.folder, call.body))


async def bulk_move(call: Call[NoQuery, BulkMove]) -> Response:
    _check(call, call.body)
    return reply.json(await bulk.bulk_move(call.desk, await call.account(), call.folder, call.body))


async def bulk_copy(call: Call[NoQuery, BulkMove]) -> Response:
    _check(call, call.body)
    return reply.json(await bulk.bulk_copy(call.desk, await call.account(), call.folder, call.body))


async def bulk_delete(call: Call[NoQuery, BulkDelete]) -> Response:
    _check(call, call.body)
    account = await call.account()
    if not call.body.permanent:
        return reply.json(await bulk.bulk_delete(call.desk, account, call.folder, call.body))
    with noted(call, "messages-deleted", account.id, folder=folder(call)) as told:
        done = await bulk.bulk_delete(call.desk, account, call.folder, call.body)
        told.add(messages=sum(one.status == 200 for one in done.results))
    return reply.json(done)


def _check(call: Call[Any, Any], selection: Selection) -> None:
    """Choosing by what is in a body tells what is in it. Raises InsufficientScope."""
    by_text = selection.filter is not UNSET and selection.filter.text is not None
    if by_text and not call.caller.allows(Scope.READ):
        raise InsufficientScope(Scope.READ.value)


_FOLDER: Final = "/v1/accounts/{account}/folders/{folder}"
_EXAMPLE: Final = BulkResult(results=[Outcome(id=MESSAGE_ID, status=200)])
_DONE: Final = (Answer(200, "What became of each message.", BulkResult, example=_EXAMPLE),)

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="POST",
        path=_FOLDER + "/flags",
        scope=Scope.MODIFY,
        handler=bulk_flags,
        bulk=True,
        counted="bulk",
        in_batch=True,
        summary="Change the flags of many messages",
        tag="bulk",
        query=NoQuery,
        body=JsonBody(BulkFlags),
        answers=_DONE,
        errors=(*WRITE, *SEARCH),
    ),
    Endpoint(
        method="POST",
        path=_FOLDER + "/move",
        scope=Scope.MODIFY,
        handler=bulk_move,
        bulk=True,
        counted="bulk",
        in_batch=True,
        summary="Move many messages",
        tag="bulk",
        query=NoQuery,
        body=JsonBody(BulkMove),
        answers=_DONE,
        errors=(*TRANSFER, *SEARCH),
    ),
    Endpoint(
        method="POST",
        path=_FOLDER + "/copy",
        scope=Scope.MODIFY,
        handler=bulk_copy,
        bulk=True,
        counted="bulk",
        in_batch=True,
        summary="Copy many messages",
        tag="bulk",
        query=NoQuery,
        body=JsonBody(BulkMove),
        answers=_DONE,
        errors=(*TRANSFER, *SEARCH),
    ),
    Endpoint(
        method="POST",
        path=_FOLDER + "/delete",
        scope=Scope.DELETE,
        handler=bulk_delete,
        bulk=True,
        counted="bulk",
        in_batch=True,
        summary="Move many messages to the trash, or remove them for good",
        tag="bulk",
        query=NoQuery,
        body=JsonBody(BulkDelete),
        answers=_DONE,
        errors=(*TRANSFER, *SEARCH),
    ),
)
