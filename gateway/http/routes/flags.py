"""Flags of one message, conditional where the client says so; and of many at once."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gateway.http import reply
from gateway.http.body import JsonBody, NoBody
from gateway.http.call import Call
from gateway.http.conditional import tags_of
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.query import NoQuery
from gateway.http.routes.errors import MAIL, WRITE
from gateway.identity.scope import Scope
from gateway.mail import flags
from gateway.mail.request import FlagPatch
from gateway.mail.resource import Flags


async def get_flags(call: Call[NoQuery, None]) -> Response:
    found = await flags.get_flags(call.desk, await call.account(), call.message)
    return reply.tagged(call, found.value, found.etag)


async def put_flag(call: Call[NoQuery, None]) -> Response:
    return await _change(call, FlagPatch(add=[call.path["flag"]]))


async def delete_flag(call: Call[NoQuery, None]) -> Response:
    return await _change(call, FlagPatch(remove=[call.path["flag"]]))


async def patch_flags(call: Call[NoQuery, FlagPatch]) -> Response:
    return await _change(call, call.body)


async def _change(call: Call[NoQuery, None] | Call[NoQuery, FlagPatch], patch: FlagPatch) -> Response:
    tags = tags_of(call.headers, "If-Match")
    condition = None if tags is None else frozenset({"*"}) if tags.any else tags.strong
    done = await flags.change_flags(call.desk, await call.account(), call.message, patch, if_match=condition)
    return reply.tagged(call, done.value, done.etag)


_FLAGS: Final = "/v1/accounts/{account}/messages/{message}/flags"
_FLAG: Final = _FLAGS + "/{flag}"
_CONDITION: Final = {"If-Match": "entity tags of the message of which one must still stand, else 412"}
_EXAMPLE: Final = Flags(flags=["$seen", "$flagged"])
_AFTER: Final = (Answer(200, "The flags as they are now.", Flags, headers={"ETag": "strong"}, example=_EXAMPLE),)

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path=_FLAGS,
        scope=Scope.METADATA,
        handler=get_flags,
        in_batch=True,
        summary="A message's flags",
        tag="flags",
        query=NoQuery,
        body=NoBody(),
        answers=_AFTER,
        errors=MAIL,
    ),
    Endpoint(
        method="PATCH",
        path=_FLAGS,
        scope=Scope.MODIFY,
        handler=patch_flags,
        in_batch=True,
        summary="Add and remove flags, or set all of them",
        tag="flags",
        query=NoQuery,
        body=JsonBody(FlagPatch),
        answers=_AFTER,
        errors=(*WRITE, "precondition-failed"),
        headers=_CONDITION,
    ),
    Endpoint(
        method="PUT",
        path=_FLAG,
        scope=Scope.MODIFY,
        handler=put_flag,
        in_batch=True,
        summary="Set one flag",
        tag="flags",
        query=NoQuery,
        body=NoBody(),
        answers=_AFTER,
        errors=(*WRITE, "precondition-failed"),
        headers=_CONDITION,
    ),
    Endpoint(
        method="DELETE",
        path=_FLAG,
        scope=Scope.MODIFY,
        handler=delete_flag,
        in_batch=True,
        summary="Remove one flag",
        tag="flags",
        query=NoQuery,
        body=NoBody(),
        answers=_AFTER,
        errors=(*WRITE, "precondition-failed"),
        headers=_CONDITION,
    ),
)
