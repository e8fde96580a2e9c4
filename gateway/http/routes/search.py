"""Searching the whole account."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET
from msgspec.structs import replace
from starlette.responses import Response

from gateway.errors import InsufficientScope, InvalidRequest
from gateway.http import reply
from gateway.http.body import JsonBody
from gateway.http.call import Call
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.query import NoQuery
from gateway.http.routes.errors import MAIL, SEARCH
from gateway.http.routes.examples import SUMMARY
from gateway.identity.scope import Scope
from gateway.mail import search
from gateway.mail.conditions import Conditions
from gateway.mail.search_request import Search
from gateway.mail.search_result import SearchPage, Snippet


async def search_messages(call: Call[NoQuery, Search]) -> Response:
    wanted, may_read = call.body, call.caller.allows(Scope.READ)
    most = call.services.settings.limits.page_max
    if wanted.limit > most:
        raise InvalidRequest(f"a page has at most {most} messages", field="limit")
    if not may_read and (wanted.snippets or Conditions.of(wanted.filter).reads_bodies):
        raise InsufficientScope(Scope.READ.value)
    found = await search.search(call.desk, await call.account(), wanted)
    if not may_read:  # a preview is the beginning of the body
        found = replace(found, messages=[replace(message, preview=UNSET) for message in found.messages])
    return reply.json(found)


_FOUND: Final = SearchPage(
    messages=[SUMMARY],
    next_cursor=None,
    complete=True,
    total=1,
    snippets=[Snippet(email_id=SUMMARY.id, subject="<mark>Minutes</mark> of the meeting", preview=None)],
)

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="POST",
        path="/v1/accounts/{account}/search",
        scope=Scope.METADATA,
        handler=search_messages,
        in_batch=True,
        summary="Search several folders at once",
        description="Conditions are those of RFC 8621 section 4.4.1, `operator` and `conditions` nest them. Nothing is "
        "changed. `text`, `body`, `snippets` and `preview` are for tokens with mail.read.",
        tag="messages",
        query=NoQuery,
        body=JsonBody(Search),
        answers=(Answer(200, "What was found.", SearchPage, example=_FOUND),),
        errors=(*MAIL, *SEARCH),
    ),
)
