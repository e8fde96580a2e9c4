"""The caller's accounts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace
from starlette.responses import Response

from gateway.accounts.link import Link
from gateway.errors import SignInRefused
from gateway.http import reply
from gateway.http.body import NoBody
from gateway.http.call import Call
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.query import NoQuery
from gateway.http.routes.errors import MAIL
from gateway.identity.scope import Scope
from gateway.mail import accounts
from gateway.mail.resource import AccountInfo, AccountList, Budget, LinkedBy


async def list_accounts(call: Call[NoQuery, None]) -> Response:
    found = await call.services.directory.accounts(call.caller)
    infos = [AccountInfo(id=account.id, address=account.address, provider=account.provider.name) for account in found]
    linking = call.services.linking
    if linking is not None:
        infos += [told(link) for link in await linking.every.links(call.caller)]
    return reply.hashed(call, AccountList(accounts=infos))


async def get_account(call: Call[NoQuery, None]) -> Response:
    linking = call.services.linking
    link = await linking.every.link_of(call.caller, call.path["account"]) if linking is not None else None
    if link is None:
        return reply.hashed(call, await accounts.describe(call.desk, await call.account()))
    if link.state == "reauth-required":
        return reply.hashed(call, told(link))
    try:
        info = await accounts.describe(call.desk, await call.account())
    except SignInRefused:
        now = None if linking is None else await linking.every.link_of(call.caller, link.id)
        if now is None or now.state == "ok":
            raise
        return reply.hashed(call, told(now))
    return reply.hashed(call, replace(info, linked=linked_by(link)))


def told(link: Link) -> AccountInfo:
    """A linked account without asking its server."""
    return AccountInfo(id=link.id, address=link.address, provider=link.provider_name, linked=linked_by(link))


def linked_by(link: Link) -> LinkedBy:
    since = datetime.fromtimestamp(link.created_at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return LinkedBy(how=link.method, state=link.state, since=since, is_default=link.is_default, label=link.label)


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
        summary="The caller's accounts: the token's own first, then linked ones, the default one before the others",
        tag="accounts",
        query=NoQuery,
        body=NoBody(),
        answers=(Answer(200, "The accounts.", AccountList, example=AccountList(accounts=[_LISTED])),),
        errors=("forbidden", "unavailable"),
    ),
    Endpoint(
        method="GET",
        path="/v1/accounts/{account}",
        scope=Scope.METADATA,
        handler=get_account,
        summary="An account: what its mail server can do, and its connection budget",
        description="One that has to be linked again is told without its server.",
        tag="accounts",
        query=NoQuery,
        body=NoBody(),
        answers=(Answer(200, "The account.", AccountInfo, example=_EXAMPLE),),
        errors=(*MAIL, "unprocessable"),
    ),
)
