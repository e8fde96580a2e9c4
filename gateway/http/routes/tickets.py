"""Tickets for EventSource: taken with a token, they open one stream without one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from gateway.http import reply
from gateway.http.body import JsonBody
from gateway.http.call import Call
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.query import NoQuery
from gateway.http.routes.events import EventsQuery
from gateway.http.tickets import SECONDS, Grant, digest_of, new_ticket
from gateway.identity.scope import Scope
from gateway.mail.resource import Resource

LongToken = Annotated[str, Meta(min_length=1, max_length=262_144, pattern=r"^[A-Za-z0-9_.~-]+$")]


class TicketRequest(EventsQuery, kw_only=True, frozen=True):
    """The parameters of the stream, as GET …/events takes them; ``since`` may be longer than a URL may hold."""

    since: Annotated[LongToken, Meta(description="a state to go on from")] | UnsetType = UNSET


class Ticket(Resource, kw_only=True, frozen=True):
    """What opens the stream that was asked for, once."""

    ticket: Annotated[str, Meta(description="a secret until it is used")]
    expires_at: Annotated[str, Meta(description="RFC 3339, UTC: it opens nothing from then on")]
    url: Annotated[str, Meta(description="path and query for EventSource")]


async def take_ticket(call: Call[NoQuery, TicketRequest]) -> Response:
    caller, now = call.caller, call.services.clock()
    seconds = min(SECONDS, caller.expires_at - now)
    ticket = new_ticket()
    size = len(msgspec.json.encode(call.body))
    grant = Grant(caller, (await call.account()).id, call.body, size)
    await call.services.tickets.put(digest_of(ticket), grant, seconds)
    ends = datetime.fromtimestamp(now + seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return reply.created(Ticket(ticket=ticket, expires_at=ends, url=call.href(f"events?ticket={ticket}")), None)


_EXAMPLE: Final = Ticket(
    ticket="qVw3hRz0mC8yJ5tK2nXb7dLf9sGaPe1uWiOoTrEk4Zc",
    expires_at="2026-11-20T08:14:33.000Z",
    url="/v1/accounts/me/events?ticket=qVw3hRz0mC8yJ5tK2nXb7dLf9sGaPe1uWiOoTrEk4Zc",
)

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="POST",
        path="/v1/accounts/{account}/events/tickets",
        scope=Scope.EVENTS,
        handler=take_ticket,
        summary="A ticket for EventSource, which can't send a header",
        description="It opens one stream with these parameters, once, within 30 seconds, for this caller and account; "
        "the stream ends with the token that took the ticket. EventSource's own reconnecting sends a spent ticket: "
        "on `ticket-refused` take another and pass `since`. Asking again is harmless, so no Idempotency-Key is needed.",
        tag="events",
        query=NoQuery,
        body=JsonBody(TicketRequest),
        answers=(Answer(201, "The ticket.", Ticket, example=_EXAMPLE),),
        errors=("not-found", "too-many-requests", "unavailable"),
        replayed=False,
    ),
)
