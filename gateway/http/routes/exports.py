"""Taking a folder's messages away: what there is, their octets, and the proof of having them."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from gateway.errors import InsufficientScope
from gateway.http import reply
from gateway.http.body import JsonBody, NoBody
from gateway.http.call import Call
from gateway.http.conditional import tags_of
from gateway.http.download import DownloadResponse, close
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.link import next_link
from gateway.http.noted import folder, noted
from gateway.http.query import Query, Token
from gateway.http.routes.errors import MAIL, SEARCH, WRITE
from gateway.http.routes.examples import MESSAGE_ID
from gateway.http.routes.filters import FilterQuery, given
from gateway.identity.scope import Scope
from gateway.mail import export, export_confirm
from gateway.mail.export_choice import Export
from gateway.mail.export_resource import ExportConfirm, ExportConfirmed, ExportedMessage, ExportManifest


class ManifestQuery(FilterQuery, kw_only=True, frozen=True):
    limit: Annotated[int, Meta(ge=1, le=10_000, description="most messages in one export")] = 1000
    cursor: Annotated[Token, Meta(description="goes on after a message: its `cursor`, or `nextCursor`")] | UnsetType = (
        UNSET
    )

    def export(self) -> export.ExportQuery:
        return export.ExportQuery(self.limit, given(self.cursor), self.chosen())


Format = Annotated[Literal["mbox", "zip"], Meta(description="an mboxrd file, or a zip of .eml files")]


class ExportQuery(ManifestQuery, kw_only=True, frozen=True):
    format: Format = "mbox"


class ConfirmQuery(Query, kw_only=True, frozen=True):
    then_delete: Annotated[bool, Meta(description="remove these messages for good, once all agrees")] = False


async def get_export_manifest(call: Call[ManifestQuery, None]) -> Response:
    found = await export.manifest(call.desk, await call.account(), call.folder, call.query.export())
    cursor = None if found.value is None else found.value.next_cursor
    return reply.tagged(call, found.value, found.etag, next_link(call, cursor))


async def get_export(call: Call[ExportQuery, None]) -> Response:
    account, query = await call.account(), call.query
    with noted(call, "export-started", account.id, folder=folder(call), format=query.format):
        made = await export.open_export(
            call.desk, account, call.folder, query.export(), query.format, if_match=if_match(call)
        )
    response = streamed(made)
    response.headers.update(next_link(call, made.next_cursor))
    if not call.head_only:
        return response
    await close(made.download.chunks)
    return reply.head(dict(response.headers))


def if_match(call: Call[Any, Any]) -> frozenset[str] | None:
    """The strong tags of If-Match, or ``*``; None where there is no such condition."""
    condition = tags_of(call.headers, "If-Match")
    return None if condition is None else frozenset(("*",)) if condition.any else condition.strong


def streamed(made: Export) -> DownloadResponse:
    """What an export holds may change at any time: nobody keeps it."""
    response = DownloadResponse(made.download, ranged=False)
    response.headers["Cache-Control"] = "private, no-store"
    return response


async def confirm_export(call: Call[ConfirmQuery, ExportConfirm]) -> Response:
    check_reading(call)
    account, then_delete = await call.account(), call.query.then_delete
    with noted(call, "export-confirmed", account.id, folder=folder(call), thenDelete=then_delete) as told:
        done = await export_confirm.confirm(call.desk, account, call.folder, call.body, then_delete=then_delete)
        told.add(messages=done.count, deleted=done.deleted)
    return reply.json(done)


def check_reading(call: Call[Any, Any]) -> None:
    """Whether a hash is right tells of what is in a message. Raises InsufficientScope."""
    if not call.caller.allows(Scope.READ):
        raise InsufficientScope(Scope.READ.value)


_EXPORT: Final = "/v1/accounts/{account}/folders/{folder}/export"
TAG: Final = {"ETag": "stands for the messages that it holds"}
_LINK: Final = {"Link": 'rel="next": the next export', **TAG}
_CURSOR: Final = "GAAAAAEAAAAqAAAAAAAAAAA"
MANIFEST: Final = ExportManifest(
    messages=[
        ExportedMessage(
            id=MESSAGE_ID,
            size=48213,
            received_at="2026-11-20T08:14:03Z",
            name="20261120T081403Z-0000000042.eml",
            cursor=_CURSOR,
        )
    ]
)

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path=_EXPORT + "/manifest",
        scope=Scope.READ,
        handler=get_export_manifest,
        bulk=True,
        counted="bulk",
        summary="What an export with the same parameters holds",
        description="Oldest first. A list may be shorter than `limit`, even empty, and still have a next one: follow "
        "`nextCursor` until it is null.",
        tag="export",
        query=ManifestQuery,
        body=NoBody(),
        answers=(Answer(200, "The messages.", ExportManifest, headers=_LINK, example=MANIFEST),),
        errors=(*MAIL, *SEARCH),
    ),
    Endpoint(
        method="GET",
        path=_EXPORT,
        scope=Scope.READ,
        handler=get_export,
        bulk=True,
        counted="bulk",
        summary="The folder's messages as one mbox or zip, streamed",
        description="Oldest first, only whole messages. With the manifest's ETag as `If-Match` the n-th message is "
        "the n-th of the manifest, and whoever is cut off goes on with the `cursor` of the last one that came whole. "
        "Where a message goes meanwhile, the export ends in order before it.",
        tag="export",
        query=ExportQuery,
        body=NoBody(),
        answers=(
            Answer(200, "An mbox (mboxrd).", media_type="application/mbox", headers=_LINK),
            Answer(200, "A zip of .eml files, not compressed.", media_type="application/zip", headers=_LINK),
        ),
        errors=(*MAIL, *SEARCH, "precondition-failed"),
        headers={"If-Match": "the manifest's entity tag: 412 where the export would hold other messages"},
        conditional=False,
    ),
    Endpoint(
        method="POST",
        path=_EXPORT + "/confirm",
        scope=Scope.DELETE,
        handler=confirm_export,
        bulk=True,
        counted="bulk",
        summary="Prove what was received; with thenDelete=true it is then removed for good",
        description="The gateway reads the messages again and compares count and hash. Where anything differs, or a "
        "message is gone already, the answer is 409 and nothing is removed. Needs mail.read too.",
        tag="export",
        query=ConfirmQuery,
        body=JsonBody(ExportConfirm),
        answers=(Answer(200, "All agrees.", ExportConfirmed, example=ExportConfirmed(count=1, size=48213, deleted=1)),),
        errors=(*WRITE, "conflict"),
    ),
)
