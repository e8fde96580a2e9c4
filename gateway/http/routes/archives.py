"""Moving old mail into the archive, with progress while it goes on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.errors import GatewayError
from gateway.http.body import JsonBody
from gateway.http.call import Call
from gateway.http.connected import while_connected
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.problem import Problem, problem_of
from gateway.http.query import NoQuery
from gateway.http.routes.errors import SEARCH, TRANSFER
from gateway.identity.scope import Scope as Permission
from gateway.mail import archive
from gateway.mail.archive import ArchiveRun, Progress
from gateway.mail.resource import Resource

EVENTS: Final = "text/event-stream"
LINES: Final = "application/x-ndjson"
_encode: Final = msgspec.json.Encoder().encode


class ArchiveProgress(Resource, kw_only=True, frozen=True):
    """How far a run is: one line, or the data of one event."""

    moved: Annotated[int, Meta(description="messages moved so far in this run")]
    has_more: Annotated[bool, Meta(description="there may be more to move: run it again once this one is done")]
    done: Annotated[bool, Meta(description="the run is at its end; without this it was interrupted")]
    problem: Annotated[Problem | UnsetType, Meta(description="what ended the run early")] = UNSET


class ProgressResponse(Response):
    """Nothing is sent before the first batch is done, so that a failure until then is a proper problem.

    When the client leaves, the run ends with the batch that is under way.
    """

    def __init__(self, progress: AsyncGenerator[Progress, None], *, events: bool) -> None:
        self.background = None
        self.status_code = 200
        self._progress, self._events = progress, events
        self.init_headers(
            {
                "Content-Type": f"{EVENTS}; charset=utf-8" if events else LINES,
                "Cache-Control": "private, no-store",
                "Vary": "Authorization, Accept",
                "X-Accel-Buffering": "no",
            }
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await while_connected(receive, self._run(scope, send))

    async def _run(self, scope: Scope, send: Send) -> None:
        async with aclosing(self._progress):
            last = await anext(self._progress)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await self._send(send, _shown(last))
            try:
                async for last in self._progress:
                    await self._send(send, _shown(last))
            except GatewayError as error:
                await self._send(send, _shown(last, problem_of(error, scope)))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send, value: ArchiveProgress) -> None:
        line = _encode(value)
        octets = b"event: progress\ndata: " + line + b"\n\n" if self._events else line + b"\n"
        await send({"type": "http.response.body", "body": octets, "more_body": True})


def _shown(progress: Progress, problem: Problem | UnsetType = UNSET) -> ArchiveProgress:
    failed = problem is not UNSET
    return ArchiveProgress(
        moved=progress.moved,
        has_more=progress.more or failed,
        done=progress.done and not failed,
        problem=problem,
    )


async def run_archive(call: Call[NoQuery, ArchiveRun]) -> Response:
    progress = archive.archive(call.desk, call.account(), call.body)
    accepted = call.headers.get("accept", "").lower()
    return ProgressResponse(progress, events=EVENTS in accepted and LINES not in accepted)


_EXAMPLE: Final = ArchiveProgress(moved=200, has_more=True, done=False)

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="POST",
        path="/v1/accounts/{account}/archive-runs",
        scope=Permission.MODIFY,
        handler=run_archive,
        summary="Move mail older than a day into another folder, a batch at a time",
        description="A line of JSON after each batch, or with `Accept: text/event-stream` an event. Interrupted or "
        "not, the same request again goes on with what is left. A run ends when the client leaves, after the batch "
        "that is under way.",
        tag="export",
        query=NoQuery,
        body=JsonBody(ArchiveRun),
        answers=(
            Answer(200, "Progress, line by line.", ArchiveProgress, media_type=LINES, example=_EXAMPLE),
            Answer(200, "The same as events.", media_type=EVENTS),
        ),
        errors=(*TRANSFER, *SEARCH),
        headers={"Accept": "text/event-stream for events"},
    ),
)
