"""The stream of events of an account."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from gateway.errors import InvalidRequest
from gateway.http.body import NoBody
from gateway.http.call import Call
from gateway.http.endpoint import PATH, Answer, AnyEndpoint, Endpoint
from gateway.http.query import Query, Token
from gateway.http.reply import head
from gateway.http.routes.errors import MAIL
from gateway.http.selected import ALL, Kind, Wanted
from gateway.http.stream import HEADERS, StreamResponse, Terms
from gateway.identity.scope import Scope

LAST_EVENT_ID: Final = "Last-Event-ID"
_STATE: Final = re.compile(r"[A-Za-z0-9_.~-]{1,4096}")
Ref = Annotated[str, Meta(pattern=rf"^(?:{PATH['folder'].pattern}|\*)$", max_length=PATH["folder"].max_length)]


class EventsQuery(Query, kw_only=True, frozen=True):
    folders: Annotated[
        tuple[Ref, ...],
        Meta(min_length=1, max_length=50, description="folder ids or roles, or `*` for all; default: inbox"),
    ] = ("inbox",)
    types: (
        Annotated[list[Kind], Meta(min_length=1, description="kinds of changes wanted; default: all")] | UnsetType
    ) = UNSET
    since: (
        Annotated[
            Token,
            Meta(description="a state to go on from, of the one folder or the account; Last-Event-ID goes before it"),
        ]
        | UnsetType
    ) = UNSET
    ping: Annotated[int, Meta(ge=5, le=300, description="seconds between comments on a silent stream")] | UnsetType = (
        UNSET
    )
    closeafter: Annotated[
        Literal["state", "no"], Meta(description="`state`: the stream ends after the first event that has an id")
    ] = "no"


async def follow_events(call: Call[EventsQuery, None]) -> Response:
    query, services = call.query, call.services
    account, since = await call.account(), _since(call)
    if call.head_only:
        return head(HEADERS)
    kinds = ALL if query.types is UNSET else frozenset(query.types)
    terms = Terms(
        expires_at=call.caller.expires_at,
        heartbeat=services.settings.live.heartbeat_seconds if query.ping is UNSET else query.ping,
        closes_after_state=query.closeafter == "state",
        clock=services.clock,
        random=services.random,
        wanted=Wanted(kinds, bodies=call.caller.allows(Scope.READ)),
        frames=services.frames,
    )
    events = await services.hub.subscribe(account, query.folders, since)
    return StreamResponse(events, terms, services.metrics)


def _since(call: Call[EventsQuery, None]) -> str | None:
    """Where the client left off: what it heard last goes before what it once started from."""
    heard = call.headers.get(LAST_EVENT_ID)
    if heard and not _STATE.fullmatch(heard):
        raise InvalidRequest("this is no state", field=LAST_EVENT_ID)
    return heard or (None if call.query.since is UNSET else call.query.since)


ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path="/v1/accounts/{account}/events",
        scope=Scope.EVENTS,
        handler=follow_events,
        summary="Changes as they happen (server-sent events)",
        description="`hello`, then `changes` (data: Changes of one folder) and `resync`, with `folders=*` also "
        "`folders` (data: FolderChanges); `quota` (data: QuotaNews) as a threshold is crossed; `bye` at the end. The "
        "id is the state to go on from: of the one folder, or of the account. A comment comes on a silent stream. The "
        "stream ends with the token. `ping` and `closeafter` are those of RFC 8620 section 7.3.",
        tag="events",
        query=EventsQuery,
        body=NoBody(),
        answers=(Answer(200, "The stream.", media_type="text/event-stream"),),
        errors=MAIL,
        conditional=False,
        by_ticket=True,
        headers={LAST_EVENT_ID: "the state heard last, to go on from"},
    ),
)
