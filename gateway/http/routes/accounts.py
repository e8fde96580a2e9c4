"""The caller's accounts."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gateway.http import reply
from gateway.http.body import NoBody
from gateway.http.call import Call
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.query import NoQuery
from gateway.http.routes.errors import MAIL
from gateway.identity.scope import Scope
from gateway.mail import accounts
from gateway.mail.resource import AccountInfo, AccountList, Budget


async def list_accounts(call: Call[NoQuery, None]) -> Response:
    found = await call.services.directory.accounts(call.caller)
    infos = [AccountInfo(id=account.id, address=account.address, provider=account.provider.name) for account in found]
    return reply.hashed(call, AccountList(accounts=infos))


async def get_account(call: Call[NoQuery, None]) -> Response:
    info = await accounts.describe(call.desk, await call.account())
    return reply.hashed(call, info)


_EXAMPLE: Final = AccountInfo(
    id="Yc3vN0m2QF6cK1m0bJtW5A",
    address="user@example.org",
    provider="example",
    capabilities=["CONDSTORE", "IDLE", "QRESYNC"],
    sync_mode="qresync",
    budget=Budget(allowed=10, pool=3, watchers=1, in_use=2),
)
_LISTED: Final = AccountInfo(id=_EXAMPLE.id, address=_EXAMPLE.address, provider=_EXAMPLE.provider)

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path="/v1/accounts",
        scope=Scope.METADATA,
        handler=list_accounts,
        summary="The caller's accounts, the default one first",
        tag="accounts",
        query=NoQuery,
        body=NoBody(),
        answers=(Answer(200, "The accounts.", AccountList, example=AccountList(accounts=[_LISTED])),),
        errors=("forbidden",),
    ),
    Endpoint(
        method="GET",
        path="/v1/accounts/{account}",
        scope=Scope.METADATA,
        handler=get_account,
        summary="An account: what its mail server can do, and its connection budget",
        tag="accounts",
        query=NoQuery,
        body=NoBody(),
        answers=(Answer(200, "The account.", AccountInfo, example=_EXAMPLE),),
        errors=(*MAIL, "unprocessable"),
    ),
)
