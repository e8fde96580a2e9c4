"""Who may do what with a folder."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET
from starlette.responses import Response

from gateway.audit import digest
from gateway.http import reply
from gateway.http.body import JsonBody, NoBody
from gateway.http.call import Call
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.noted import folder, noted
from gateway.http.query import NoQuery
from gateway.http.routes.errors import MAIL, WRITE
from gateway.http.routes.examples import INBOX, RIGHTS
from gateway.identity.scope import Scope
from gateway.mail import sharing
from gateway.mail.rights_resource import FolderRights, Grantable, RightsChange, RightsEntry


async def get_rights(call: Call[NoQuery, None]) -> Response:
    return reply.hashed(call, await sharing.get_rights(call.desk, await call.account(), call.folder))


async def get_grantable(call: Call[NoQuery, None]) -> Response:
    return reply.hashed(
        call, await sharing.get_grantable(call.desk, await call.account(), call.folder, call.path["who"])
    )


async def put_rights(call: Call[NoQuery, RightsChange]) -> Response:
    account, change = await call.account(), call.body
    granted = change.letters if change.letters is not UNSET else "+".join(change.rights or ())
    who = digest(call.path["who"])
    with noted(call, "rights-changed", account.id, folder=folder(call), who=who, granted=granted or "none"):
        done = await sharing.put_rights(call.desk, account, call.folder, call.path["who"], change)
    return reply.json(done)


async def delete_rights(call: Call[NoQuery, None]) -> Response:
    account, who = await call.account(), digest(call.path["who"])
    with noted(call, "rights-removed", account.id, folder=folder(call), who=who):
        await sharing.delete_rights(call.desk, account, call.folder, call.path["who"])
    return reply.empty()


_RIGHTS: Final = "/v1/accounts/{account}/folders/{folder}/rights"
_WHO: Final = _RIGHTS + "/{who}"
_EXAMPLE: Final = FolderRights(
    folder_id=INBOX,
    my_rights=RIGHTS,
    entries=[
        RightsEntry(
            who="secretary",
            kind="user",
            negative=False,
            rights=["mayReadItems", "maySetSeen"],
            letters="lrs",
        )
    ],
)

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path=_RIGHTS,
        scope=Scope.METADATA,
        handler=get_rights,
        summary="Who may do what with a folder",
        tag="rights",
        query=NoQuery,
        body=NoBody(),
        answers=(Answer(200, "The caller's rights, and everybody's.", FolderRights, example=_EXAMPLE),),
        errors=(*MAIL, "unsupported"),
        in_batch=True,
    ),
    Endpoint(
        method="GET",
        path=_WHO,
        scope=Scope.METADATA,
        handler=get_grantable,
        summary="What can be granted to one identifier",
        tag="rights",
        query=NoQuery,
        body=NoBody(),
        answers=(
            Answer(
                200,
                "What can be granted.",
                Grantable,
                example=Grantable(
                    who="secretary",
                    always="l",
                    tied=["r", "s", "w", "i", "p", "k", "x", "te", "a"],
                    rights=["mayReadItems", "maySetSeen"],
                ),
            ),
        ),
        errors=(*MAIL, "unprocessable", "unsupported"),
        in_batch=True,
    ),
    Endpoint(
        method="PUT",
        path=_WHO,
        scope=Scope.FOLDERS,
        handler=put_rights,
        summary="Replace what one identifier may do",
        description="The mail server asks for the right to administer the folder; `mayRename` and `mayDelete` are one.",
        tag="rights",
        query=NoQuery,
        body=JsonBody(RightsChange),
        answers=(Answer(200, "The folder's rights as they are now.", FolderRights, example=_EXAMPLE),),
        errors=(*WRITE, "unsupported"),
        in_batch=True,
    ),
    Endpoint(
        method="DELETE",
        path=_WHO,
        scope=Scope.FOLDERS,
        handler=delete_rights,
        summary="Take one identifier off the list",
        tag="rights",
        query=NoQuery,
        body=NoBody(),
        answers=(Answer(204, "It is not on the list.", media_type=None),),
        errors=(*WRITE, "unsupported"),
        in_batch=True,
    ),
)
