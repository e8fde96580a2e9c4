"""Accounts that users link, change and unlink."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from msgspec import Meta
from starlette.responses import Response

from gateway.accounts.link import Link
from gateway.accounts.link_place import Server, Wanted
from gateway.accounts.proof import LinkRefused
from gateway.http import reply
from gateway.http.body import JsonBody, NoBody
from gateway.http.call import Call
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint, Public
from gateway.http.query import NoQuery, Query
from gateway.http.routes.accounts import told
from gateway.http.routes.errors import MAIL
from gateway.identity.scope import Scope
from gateway.mail.request import Request
from gateway.mail.resource import AccountInfo, LinkedBy, Resource
from gateway.secret import Secret

_LINE: Final = r"^[^\x00-\x1f\x7f]+$"
Line = Annotated[str, Meta(min_length=1, max_length=255, pattern=_LINE)]
Password = Annotated[str, Meta(min_length=1, max_length=1024, pattern=_LINE, description="never told or logged")]
Label = Annotated[str, Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$", description="the user's own name for it")]
Name = Annotated[str, Meta(min_length=1, max_length=32, description="name of a provider that is configured here")]


class MailServer(Request, kw_only=True, frozen=True):
    """A server as its users know it."""

    host: Annotated[str, Meta(min_length=1, max_length=253)]
    port: Annotated[int, Meta(ge=1, le=65535)] = 993
    tls: Literal["implicit", "starttls"] = "implicit"


class LinkRequest(Request, kw_only=True, frozen=True):
    """An account and the app password that opens it."""

    address: Annotated[str, Meta(min_length=3, max_length=254)]
    password: Password
    username: Annotated[Line | None, Meta(description="default: as the provider wants it, mostly the address")] = None
    provider: Name | None = None
    imap: MailServer | None = None
    label: Label | None = None


class LinkPatch(Request, kw_only=True, frozen=True):
    """What is not there stays as it is."""

    password: Password | None = None
    label: Label | None = None
    is_default: bool | None = None


class GrantRequest(Request, kw_only=True, frozen=True):
    """A sign-in at a provider, which is named or known by its issuer."""

    provider: Name | None = None
    issuer: Annotated[str, Meta(max_length=2048)] | None = None
    address: Annotated[str, Meta(min_length=3, max_length=254, description="whom the provider may suggest")] | None = (
        None
    )
    return_to: Annotated[str, Meta(max_length=2048, description="a page of `accounts.return_to`, word for word")]


class GrantBegun(Resource, kw_only=True, frozen=True):
    url: Annotated[str, Meta(description="where the browser goes; good once")]
    expires_at: Annotated[str, Meta(description="RFC 3339, UTC: the sign-in must be over until then")]


class GrantFinish(Request, kw_only=True, frozen=True):
    code: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_-]+$")]
    label: Label | None = None


Text4096 = Annotated[str, Meta(min_length=1, max_length=4096)]
Text2048 = Annotated[str, Meta(min_length=1, max_length=2048)]
Text256 = Annotated[str, Meta(min_length=1, max_length=256)]


class Callback(Query, kw_only=True, frozen=True, forbid_unknown_fields=False, rename=None):
    """What the provider sends back (RFC 6749 section 4.1.2), and whatever it adds to that."""

    state: Annotated[str, Meta(min_length=1, max_length=512, description="what the provider was sent, once")]
    code: Annotated[Text4096 | None, Meta(description="what the grant is had for")] = None
    iss: Annotated[Text2048 | None, Meta(description="whose answer it is (RFC 9207)")] = None
    error: Annotated[Text256 | None, Meta(description="why there is no code")] = None


async def link_account(call: Call[NoQuery, LinkRequest]) -> Response:
    body = call.body
    server = None if body.imap is None else Server(host=body.imap.host, port=body.imap.port, tls=body.imap.tls)
    wanted = Wanted(
        address=body.address, password=Secret(body.password), provider=body.provider, server=server,
        username=body.username, label=body.label or None,
    )  # fmt: skip
    return _linked(*await call.linking.link(call.caller, wanted))


async def patch_account(call: Call[NoQuery, LinkPatch]) -> Response:
    body = call.body
    if body.password is not None:
        await call.count("sign-in")
    password = None if body.password is None else Secret(body.password)
    link = await call.linking.patch(
        call.caller, call.path["account"], password=password, label=body.label, is_default=body.is_default
    )
    return reply.json(told(link))


async def unlink_account(call: Call[NoQuery, None]) -> Response:
    await call.linking.unlink(call.caller, call.path["account"])
    return reply.empty()


async def begin_link(call: Call[NoQuery, GrantRequest]) -> Response:
    body = call.body
    url, ends = await call.linking.grants.begin(
        call.caller, provider=body.provider, issuer=body.issuer, address=body.address, return_to=body.return_to
    )
    expires_at = datetime.fromtimestamp(ends, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return reply.created(GrantBegun(url=url, expires_at=expires_at), None)


async def link_callback(call: Call[Callback, None]) -> Response:
    if call.head_only:
        return reply.head({"Cache-Control": "no-store"})  # a look at the URL uses nothing up
    asked = call.query
    place = await call.linking.grants.came_back(state=asked.state, code=asked.code, issuer=asked.iss, error=asked.error)
    return Response(status_code=303, headers={"Location": place, "Cache-Control": "no-store"})


async def finish_link(call: Call[NoQuery, GrantFinish]) -> Response:
    return _linked(*await call.linking.grants.finish(call.caller, call.body.code, call.body.label or None))


def _linked(link: Link, new: bool) -> Response:
    info = told(link)
    return reply.created(info, f"/v1/accounts/{link.id}") if new else reply.json(info)


_EXAMPLE: Final = AccountInfo(
    id="Yc3vN0m2QF6cK1m0bJtW5A",
    address="user@example.com",
    provider="google",
    linked=LinkedBy(how="oauth", state="ok", since="2026-11-27T02:14:00Z", is_default=False, label="private"),
)
_BEGUN: Final = GrantBegun(
    url="https://accounts.google.com/o/oauth2/v2/auth?response_type=code&client_id=…", expires_at="2026-11-27T02:24:00Z"
)
_ANSWERS: Final = (
    Answer(201, "It is linked.", AccountInfo, example=_EXAMPLE, headers={"Location": "the account"}),
    Answer(200, "It was linked already; what opens it is replaced.", AccountInfo, example=_EXAMPLE),
)
_ERRORS: Final = (*MAIL, LinkRefused.reply.type)

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="POST",
        path="/v1/accounts",
        scope=Scope.ACCOUNTS,
        handler=link_account,
        summary="Link an account by an app password",
        counted="sign-in",
        description="The mail server is the named one, that of the named provider, or found by the address. The "
        "gateway signs in before anything is stored. The same mailbox linked again gets the new password.",
        tag="accounts",
        query=NoQuery,
        body=JsonBody(LinkRequest),
        answers=_ANSWERS,
        errors=_ERRORS,
    ),
    Endpoint(
        method="POST",
        path="/v1/accounts/link",
        scope=Scope.ACCOUNTS,
        handler=begin_link,
        summary="Begin to link an account by a sign-in at its provider",
        counted="sign-in",
        description="Send the browser to `url`. It comes back to `returnTo` with `link_code`, to be sent to "
        "…/link/finish with a token of the same user within ten minutes, or with `link_error`.",
        tag="accounts",
        query=NoQuery,
        body=JsonBody(GrantRequest),
        answers=(Answer(201, "Where to go.", GrantBegun, example=_BEGUN),),
        errors=("too-many-requests", "unavailable"),
    ),
    Endpoint(
        method="GET",
        path="/v1/accounts/link/callback",
        scope=Public(),
        handler=link_callback,
        summary="Where a provider sends the browser back to",
        tag="accounts",
        query=Callback,
        body=NoBody(),
        answers=(Answer(303, "To the client's page.", media_type=None, headers={"Location": "the client's page"}),),
        errors=("unavailable", "unprocessable"),
    ),
    Endpoint(
        method="POST",
        path="/v1/accounts/link/finish",
        scope=Scope.ACCOUNTS,
        handler=finish_link,
        summary="Link the account that the sign-in at its provider was for",
        counted="sign-in",
        tag="accounts",
        query=NoQuery,
        body=JsonBody(GrantFinish),
        answers=_ANSWERS,
        errors=_ERRORS,
    ),
    Endpoint(
        method="PATCH",
        path="/v1/accounts/{account}",
        scope=Scope.ACCOUNTS,
        handler=patch_account,
        summary="A new password or label of a linked account, or make it the default one",
        description="A new password is tried at the mail server first, and counts as a sign-in.",
        tag="accounts",
        query=NoQuery,
        body=JsonBody(LinkPatch),
        answers=(Answer(200, "The account.", AccountInfo, example=_EXAMPLE),),
        errors=(*_ERRORS, "unprocessable"),
    ),
    Endpoint(
        method="DELETE",
        path="/v1/accounts/{account}",
        scope=Scope.ACCOUNTS,
        handler=unlink_account,
        summary="Unlink an account",
        description="What opens it is deleted, and revoked at the provider where that can be told (RFC 7009). Its "
        "connections are closed and its event streams end with `bye: account-removed`.",
        tag="accounts",
        query=NoQuery,
        body=NoBody(),
        answers=(Answer(204, "It is linked no more.", media_type=None),),
        errors=("forbidden", "not-found", "unavailable", "unprocessable"),
    ),
)
