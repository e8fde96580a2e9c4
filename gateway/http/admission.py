"""Who may come in: by an access token that permits it, or where the endpoint says so by a ticket."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from starlette.datastructures import Headers
from starlette.types import Scope

from gateway.errors import InsufficientScope, InvalidRequest
from gateway.http.base import CALLER, called_url
from gateway.http.endpoint import AnyEndpoint
from gateway.http.query import Query, pairs
from gateway.http.services import Services
from gateway.http.tickets import TicketRefused, digest_of
from gateway.identity.credentials import Presented
from gateway.identity.principal import Principal
from gateway.identity.scope import Scope as Permission

TICKET: Final = "ticket"


class Admission(Struct, frozen=True):
    """``principal`` is None on public routes. ``query``: what a ticket stands for, in place of the request's own.

    ``nonce``: what the client's next proof should hold (RFC 9449 section 8.2).
    """

    principal: Principal | None
    query: Query | None = None
    nonce: str | None = None


async def admit(endpoint: AnyEndpoint, services: Services, scope: Scope) -> Admission:
    """Raises Unauthenticated, InsufficientScope; InvalidRequest where a ticket comes with anything beside it."""
    if not isinstance(endpoint.scope, Permission):
        return Admission(None)
    ticket = _ticket(scope) if endpoint.by_ticket else None
    if ticket is not None:
        return await _by_ticket(endpoint.scope, services, scope, ticket)
    headers = Headers(scope=scope)
    proofs = headers.getlist("dpop")
    presented = Presented(scope["method"], called_url(scope), proofs) if proofs else None
    principal = await services.authenticator.authenticate(headers.getlist("authorization"), presented)
    scope[CALLER] = principal
    _check(principal, endpoint.scope)
    return Admission(principal, nonce=services.authenticator.next_nonce(principal))


def _ticket(scope: Scope) -> str | None:
    """The ticket in the query; it stands for the whole of it, and for the token."""
    if b"ticket" not in scope["query_string"]:
        return None
    given = pairs(scope["query_string"])
    ticket = given.pop(TICKET, None)
    if ticket is None:
        return None
    if given:
        raise InvalidRequest("the ticket stands for the whole query", field=next(iter(given))[:64])
    if Headers(scope=scope).getlist("authorization"):
        raise InvalidRequest("send a token or a ticket, not both", field="Authorization")
    if scope["method"] != "GET":
        raise InvalidRequest("a ticket is for GET", field=TICKET)
    return ticket


async def _by_ticket(needed: Permission, services: Services, scope: Scope, ticket: str) -> Admission:
    grant = await services.tickets.take(digest_of(ticket))
    if grant is None or grant.principal.expires_at <= services.clock():
        raise TicketRefused
    account = await services.directory.resolve(grant.principal, str(scope["path_params"].get("account", "")))
    if account.id != grant.account_id:
        raise TicketRefused
    scope[CALLER] = grant.principal
    _check(grant.principal, needed)
    return Admission(grant.principal, grant.query)


def _check(principal: Principal, needed: Permission) -> None:
    if not principal.allows(needed):
        raise InsufficientScope(needed.value)
