"""Moving old mail into the archive, or taking it away, with progress while it goes on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from hashlib import sha256
from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from gateway.http.body import JsonBody
from gateway.http.call import Call
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.lines import EVENTS, LINES, Line, LinesResponse
from gateway.http.noted import noted
from gateway.http.problem import Problem
from gateway.http.query import NoQuery
from gateway.http.routes.errors import MAIL, SEARCH, TRANSFER
from gateway.http.routes.examples import MESSAGE_ID
from gateway.identity.scope import Scope as Permission
from gateway.mail import archive, archive_export
from gateway.mail.archive import ArchiveRun, Progress
from gateway.mail.archive_resource import ExportRun, RunBatch, RunLine
from gateway.mail.resource import Resource


class ArchiveProgress(Resource, kw_only=True, frozen=True):
    """How far a run is: one line, or the data of one event."""

    moved: Annotated[int, Meta(description="messages moved so far in this run")]
    has_more: Annotated[bool, Meta(description="there may be more to move: run it again once this one is done")]
    done: Annotated[bool, Meta(description="the run is at its end; without this it was interrupted")]
    problem: Annotated[Problem | UnsetType, Meta(description="what ended the run early")] = UNSET


class ExportEnded(Resource, kw_only=True, frozen=True):
    """The last line of a run that was interrupted on the way to the mail server."""

    exported: Annotated[int, Meta(description="messages that came whole in this run")]
    has_more: bool
    done: bool
    problem: Problem


async def run_archive(call: Call[NoQuery, ArchiveRun]) -> Response:
    last = Progress(0, more=True, done=False)

    async def lines() -> AsyncGenerator[Line, None]:
        nonlocal last
        progress = archive.archive(call.desk, await call.account(), call.body)
        async with aclosing(progress):
            async for last in progress:
                yield Line("progress", _shown(last))

    return LinesResponse(call.headers, lines(), lambda problem: Line("progress", _shown(last, problem)))


async def run_export(call: Call[NoQuery, ExportRun]) -> Response:
    exported = 0

    async def lines() -> AsyncGenerator[Line, None]:
        nonlocal exported
        account = await call.account()
        with noted(call, "export-run", account.id) as told:
            run = archive_export.export_run(call.desk, account, call.body)
            async with aclosing(run):
                async for line in run:
                    exported += line.end is not UNSET
                    told.add(messages=exported)
                    yield Line(_event(line), line)

    def ended(problem: Problem) -> Line:
        return Line("progress", ExportEnded(exported=exported, has_more=True, done=False, problem=problem))

    return LinesResponse(call.headers, lines(), ended)


def _event(line: RunLine) -> str:
    for name in ("message", "octets", "end"):
        if getattr(line, name) is not UNSET:
            return name
    return "progress"


def _shown(progress: Progress, problem: Problem | UnsetType = UNSET) -> ArchiveProgress:
    failed = problem is not UNSET
    return ArchiveProgress(
        moved=progress.moved,
        has_more=progress.more or failed,
        done=progress.done and not failed,
        problem=problem,
    )


_EXAMPLE: Final = ArchiveProgress(moved=200, has_more=True, done=False)
_LINE: Final = RunLine(
    exported=1, has_more=False, done=True, batch=RunBatch(ids=[MESSAGE_ID], count=1, sha256=sha256(b"").hexdigest())
)

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="POST",
        path="/v1/accounts/{account}/archive-runs",
        scope=Permission.MODIFY,
        handler=run_archive,
        bulk=True,
        counted="bulk",
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
    Endpoint(
        method="POST",
        path="/v1/accounts/{account}/archive-runs/export",
        scope=Permission.READ,
        handler=run_export,
        bulk=True,
        counted="bulk",
        summary="Take mail older than a day away, with progress in the same answer",
        description="Each message is a `message` line, `octets` lines in base64 and an `end` line with the hash; after "
        "each batch a line with `exported`, and in its `batch` the body for the folder's `export/confirm`, which "
        "removes what the client has. Nothing is changed by the run itself. Interrupted, the same request with the "
        "`cursor` of the last `end` line goes on after it; without, it begins with the oldest that is still there.",
        tag="export",
        query=NoQuery,
        body=JsonBody(ExportRun),
        answers=(
            Answer(200, "Line by line.", RunLine, media_type=LINES, example=_LINE, otherwise=ExportEnded),
            Answer(200, "The same as events: message, octets, end, progress.", media_type=EVENTS),
        ),
        errors=(*MAIL, *SEARCH),
        headers={"Accept": "text/event-stream for events"},
        repeatable=True,
        replayed=False,  # the answer is as large as a mailbox
    ),
)
