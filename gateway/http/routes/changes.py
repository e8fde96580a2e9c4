"""What changed since a state: in one folder, and in a whole account."""

from __future__ import annotations

from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from gateway.errors import InsufficientScope
from gateway.http import reply
from gateway.http.body import JsonBody, NoBody
from gateway.http.call import Call
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.query import NoQuery, Query, Token
from gateway.http.routes.errors import MAIL
from gateway.http.routes.examples import ACCOUNT_CHANGES, CHANGES
from gateway.http.routes.messages import Selection
from gateway.http.selected import account_without_previews, without_previews
from gateway.identity.scope import Scope
from gateway.mail import account_changes, changes
from gateway.mail.fields import Fields
from gateway.mail.header_resource import SelectedAccountChanges, SelectedChanges
from gateway.mail.request import AccountChangesRequest, ChangesRequest, MaxChanges
from gateway.mail.resource import AccountChanges, Changes
from gateway.mail.selected_changes import selected_account_changes, selected_changes


class ChangesQuery(Query, kw_only=True, frozen=True):
    since: Annotated[Token, Meta(description="a `state` of this folder, from a page, a folder or earlier changes")]
    max_changes: MaxChanges = 256
    fields: Selection | UnsetType = UNSET


class AccountChangesQuery(Query, kw_only=True, frozen=True):
    since: (
        Annotated[Token, Meta(description="`newState` of earlier changes; without it: a place to start from")]
        | UnsetType
    ) = UNSET
    max_changes: MaxChanges = 256
    fields: Selection | UnsetType = UNSET


async def get_changes(call: Call[ChangesQuery, None]) -> Response:
    query = call.query
    return await _folder(call, query.since, query.max_changes, query.fields)


async def post_changes(call: Call[NoQuery, ChangesRequest]) -> Response:
    body = call.body
    return await _folder(call, body.since, body.max_changes, body.fields)


async def get_account_changes(call: Call[AccountChangesQuery, None]) -> Response:
    query = call.query
    return await _account(call, None if query.since is UNSET else query.since, query.max_changes, query.fields)


async def post_account_changes(call: Call[NoQuery, AccountChangesRequest]) -> Response:
    body = call.body
    return await _account(call, body.since, body.max_changes, body.fields)


async def _folder(call: Call[Any, Any], since: str, most: int, asked: list[str] | str | UnsetType) -> Response:
    desk, account = call.desk, await call.account()
    if asked is not UNSET:
        fields = _fields(call, asked)
        return reply.json(await selected_changes(desk, account, call.folder, fields, since=since, max_changes=most))
    told = await changes.changes(desk, account, call.folder, since=since, max_changes=most)
    return reply.json(told if call.caller.allows(Scope.READ) else without_previews(told))


async def _account(call: Call[Any, Any], since: str | None, most: int, asked: list[str] | str | UnsetType) -> Response:
    desk, account = call.desk, await call.account()
    if asked is not UNSET:
        fields = _fields(call, asked)
        return reply.json(await selected_account_changes(desk, account, fields, since=since, max_changes=most))
    told = await account_changes.account_changes(desk, account, since=since, max_changes=most)
    return reply.json(told if call.caller.allows(Scope.READ) else account_without_previews(told))


def _fields(call: Call[Any, Any], asked: list[str] | str) -> Fields:
    """Raises InvalidRequest, and InsufficientScope for a preview, which is the beginning of the body."""
    fields = Fields.parse(asked.split(",") if isinstance(asked, str) else asked, page=True)
    if "preview" in fields.names and not call.caller.allows(Scope.READ):
        raise InsufficientScope(Scope.READ.value)
    return fields


_ACCOUNT: Final = "/v1/accounts/{account}/changes"
_FOLDER: Final = "/v1/accounts/{account}/folders/{folder}/changes"
_FOLDER_ANSWERS: Final = (
    Answer(200, "The changes, and the state after them.", Changes, example=CHANGES, otherwise=SelectedChanges),
)
_ACCOUNT_ANSWERS: Final = (
    Answer(
        200,
        "The changes, and the state after them.",
        AccountChanges,
        example=ACCOUNT_CHANGES,
        otherwise=SelectedAccountChanges,
    ),
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
        in_batch=True,
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
        in_batch=True,
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
        in_batch=True,
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
        in_batch=True,
        summary="The same, with a state that is too long for a URL",
        description=_ORDER,
        tag="folders",
        query=NoQuery,
        body=JsonBody(AccountChangesRequest),
        answers=_ACCOUNT_ANSWERS,
        errors=MAIL,
    ),
)
