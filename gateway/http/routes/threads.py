"""The conversation that a message belongs to."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import UNSET, Meta
from msgspec.structs import replace
from starlette.responses import Response

from gateway.errors import InvalidRequest
from gateway.http import reply
from gateway.http.body import NoBody
from gateway.http.call import Call
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.query import Query
from gateway.http.routes.errors import MAIL, SEARCH
from gateway.http.routes.examples import INBOX, SUMMARY
from gateway.identity.scope import Scope
from gateway.mail import thread
from gateway.mail.thread_resource import Thread


class ThreadQuery(Query, kw_only=True, frozen=True):
    limit: Annotated[int, Meta(ge=1, description="most messages; of a longer conversation the newest")] = 100


async def get_thread(call: Call[ThreadQuery, None]) -> Response:
    most = call.services.settings.limits.page_max
    if call.query.limit > most:
        raise InvalidRequest(f"a page has at most {most} messages", field="limit")
    found = await thread.thread(call.desk, await call.account(), call.message, limit=call.query.limit)
    if not call.caller.allows(Scope.READ):
        found = replace(found, messages=[replace(one, preview=UNSET) for one in found.messages])
    return reply.hashed(call, found)


ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path="/v1/accounts/{account}/messages/{message}/thread",
        scope=Scope.METADATA,
        handler=get_thread,
        in_batch=True,
        summary="The conversation that the message belongs to, oldest first",
        description="Looked for in the message's folder, the inbox, the sent and the archived mail, with the best that "
        "the mail server can do; `basis` tells what that was. `complete` is false where a bound was met.",
        tag="messages",
        query=ThreadQuery,
        body=NoBody(),
        answers=(
            Answer(
                200,
                "The conversation.",
                Thread,
                headers={"ETag": "of this answer"},
                example=Thread(messages=[SUMMARY], basis="refs", complete=True, folders=[INBOX]),
            ),
        ),
        errors=(*MAIL, *SEARCH),
    ),
)
