"""What changed since a state: in one folder, and in a whole account."""

from __future__ import annotations

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from gateway.http import reply
from gateway.http.body import JsonBody, NoBody
from gateway.http.call import Call
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.query import NoQuery, Query, Token
from gateway.http.routes.errors import MAIL
from gateway.http.routes.examples import ACCOUNT_CHANGES, CHANGES
from gateway.http.selected import account_without_previews, without_previews
from gateway.identity.scope import Scope
from gateway.mail import account_changes, changes
from gateway.mail.request import AccountChangesRequest, ChangesRequest, MaxChanges
from gateway.mail.resource import AccountChanges, Changes


class ChangesQuery(Query, kw_only=True, frozen=True):
    since: Annotated[Token, Meta(description="a `state` of this folder, from a page, a folder or earlier changes")]
    max_changes: MaxChanges = 256


class AccountChangesQuery(Query, kw_only=True, frozen=True):
    since: (
        Annotated[Token, Meta(description="`newState` of earlier changes; without it: a place to start from")]
        | UnsetType
    ) = UNSET
    max_changes: MaxChanges = 256


async def get_changes(call: Call[ChangesQuery, None]) -> Response:
    return await _folder(call, call.query.since, call.query.max_changes)


async def post_changes(call: Call[NoQuery, ChangesRequest]) -> Response:
    return await _folder(call, call.body.since, call.body.max_changes)


async def get_account_changes(call: Call[AccountChangesQuery, None]) -> Response:
    since = None if call.query.since is UNSET else call.query.since
    return await _account(call, since, call.query.max_changes)


async def post_account_changes(call: Call[NoQuery, AccountChangesRequest]) -> Response:
    return await _account(call, call.body.since, call.body.max_changes)


async def _folder(call: Call[Any, Any], since: str, most: int) -> Response:
    told = await changes.changes(call.desk, call.account(), call.folder, since=since, max_changes=most)
    return reply.json(told if call.caller.allows(Scope.READ) else without_previews(told))


async def _account(call: Call[Any, Any], since: str | None, most: int) -> Response:
    told = await account_changes.account_changes(call.desk, call.account(), since=since, max_changes=most)
    return reply.json(told if call.caller.allows(Scope.READ) else account_without_previews(told))


_ACCOUNT: Final = "/v1/accounts/{account}/changes"
_FOLDER: Final = "/v1/accounts/{account}/folders/{folder}/changes"
_FOLDER_ANSWERS: Final = (Answer(200, "The changes, and the state after them.", Changes, example=CHANGES),)
_ACCOUNT_ANSWERS: Final = (
    Answer(200, "The changes, and the state after them.", AccountChanges, example=ACCOUNT_CHANGES),
)
_ORDER: Final = (
    "`folders` first, in the order destroyed, renamed, created, updated; then `changes`, each as the folder's own. "
    "A folder in both `destroyed` and `created` was rebuilt, or too much changed in it: read it again. Without `since` "
    "nothing is told but the folders, and a state to start from."
)

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path=_FOLDER,
        scope=Scope.METADATA,
        handler=get_changes,
        summary="What was created, updated and destroyed since a state",
        tag="folders",
        query=ChangesQuery,
        body=NoBody(),
        answers=_FOLDER_ANSWERS,
        errors=(*MAIL, "state-too-old"),
        conditional=False,
    ),
    Endpoint(
        method="POST",
        path=_FOLDER,
        scope=Scope.METADATA,
        handler=post_changes,
        summary="The same, with the state in the body",
        tag="folders",
        query=NoQuery,
        body=JsonBody(ChangesRequest),
        answers=_FOLDER_ANSWERS,
        errors=(*MAIL, "state-too-old"),
    ),
    Endpoint(
        method="GET",
        path=_ACCOUNT,
        scope=Scope.METADATA,
        handler=get_account_changes,
        summary="What changed in the whole account since a state",
        description=_ORDER,
        tag="folders",
        query=AccountChangesQuery,
        body=NoBody(),
        answers=_ACCOUNT_ANSWERS,
        errors=MAIL,
        conditional=False,
    ),
    Endpoint(
        method="POST",
        path=_ACCOUNT,
        scope=Scope.METADATA,
        handler=post_account_changes,
        summary="The same, with a state that is too long for a URL",
        description=_ORDER,
        tag="folders",
        query=NoQuery,
        body=JsonBody(AccountChangesRequest),
        answers=_ACCOUNT_ANSWERS,
        errors=MAIL,
    ),
)
