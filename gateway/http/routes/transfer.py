"""Moving, copying and deleting one message."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta
from starlette.responses import Response

from gateway.http import reply
from gateway.http.body import JsonBody, NoBody
from gateway.http.call import Call
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.noted import noted
from gateway.http.query import NoQuery, Query
from gateway.http.routes.errors import TRANSFER
from gateway.http.routes.examples import MESSAGE_ID
from gateway.identity.scope import Scope
from gateway.mail import transfer
from gateway.mail.request import Destination
from gateway.mail.resource import MoveResult


class DeleteQuery(Query, kw_only=True, frozen=True):
    permanent: Annotated[bool, Meta(description="remove it for good, instead of moving it to the trash")] = False


async def move_message(call: Call[NoQuery, Destination]) -> Response:
    return reply.json(await transfer.move(call.desk, await call.account(), call.message, call.body))


async def copy_message(call: Call[NoQuery, Destination]) -> Response:
    return reply.json(await transfer.copy(call.desk, await call.account(), call.message, call.body))


async def delete_message(call: Call[DeleteQuery, None]) -> Response:
    account = await call.account()
    if not call.query.permanent:
        return reply.json(await transfer.delete(call.desk, account, call.message, permanent=False))
    with noted(call, "messages-deleted", account.id) as told:
        gone = await transfer.delete(call.desk, account, call.message, permanent=True)
        told.add(messages=1)
    return reply.json(gone)


_MESSAGE: Final = "/v1/accounts/{account}/messages/{message}"
_EXAMPLE: Final = MoveResult(id=MESSAGE_ID)

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="POST",
        path=_MESSAGE + "/move",
        scope=Scope.MODIFY,
        handler=move_message,
        in_batch=True,
        summary="Move a message; it has another id afterwards",
        tag="messages",
        query=NoQuery,
        body=JsonBody(Destination),
        answers=(Answer(200, "It was moved.", MoveResult, example=_EXAMPLE),),
        errors=TRANSFER,
    ),
    Endpoint(
        method="POST",
        path=_MESSAGE + "/copy",
        scope=Scope.MODIFY,
        handler=copy_message,
        in_batch=True,
        summary="Copy a message",
        tag="messages",
        query=NoQuery,
        body=JsonBody(Destination),
        answers=(Answer(200, "It was copied.", MoveResult, example=_EXAMPLE),),
        errors=TRANSFER,
    ),
    Endpoint(
        method="DELETE",
        path=_MESSAGE,
        scope=Scope.DELETE,
        handler=delete_message,
        in_batch=True,
        summary="Move a message to the trash, or remove it for good",
        tag="messages",
        query=DeleteQuery,
        body=NoBody(),
        answers=(Answer(200, "It is gone from its folder.", MoveResult, example=_EXAMPLE),),
        errors=TRANSFER,
    ),
)
