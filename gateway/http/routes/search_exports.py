"""Taking away what a search finds: the same as for one folder, over several."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gateway.http import reply
from gateway.http.body import JsonBody
from gateway.http.call import Call
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.noted import noted
from gateway.http.query import NoQuery, Query
from gateway.http.routes.errors import MAIL, SEARCH, WRITE
from gateway.http.routes.exports import MANIFEST, TAG, ConfirmQuery, Format, check_reading, if_match, streamed
from gateway.identity.scope import Scope
from gateway.mail import export_confirm, export_search
from gateway.mail.export_resource import ExportConfirm, ExportConfirmed, ExportManifest
from gateway.mail.export_search import SearchManifest


class FormatQuery(Query, kw_only=True, frozen=True):
    format: Format = "mbox"


async def get_search_manifest(call: Call[NoQuery, SearchManifest]) -> Response:
    found = await export_search.manifest_of_search(call.desk, await call.account(), call.body)
    return reply.json(found.value, headers={"ETag": found.etag})


async def export_search_result(call: Call[FormatQuery, SearchManifest]) -> Response:
    account, form = await call.account(), call.query.format
    with noted(call, "export-started", account.id, format=form):
        made = await export_search.open_search_export(call.desk, account, call.body, form, if_match=if_match(call))
    return streamed(made)


async def confirm_search_export(call: Call[ConfirmQuery, ExportConfirm]) -> Response:
    check_reading(call)
    account, then_delete = await call.account(), call.query.then_delete
    with noted(call, "export-confirmed", account.id, thenDelete=then_delete) as told:
        done = await export_confirm.confirm_any(call.desk, account, call.body, then_delete=then_delete)
        told.add(messages=done.count, deleted=done.deleted)
    return reply.json(done)


_EXPORTS: Final = "/v1/accounts/{account}/exports"

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="POST",
        path=_EXPORTS + "/manifest",
        scope=Scope.READ,
        handler=get_search_manifest,
        bulk=True,
        counted="bulk",
        summary="What an export of the same search holds",
        description="Folder after folder, each oldest first; the filter is that of a search. A list may be shorter "
        "than `limit`, even empty, and still have a next one: follow `nextCursor` until it is null.",
        tag="export",
        query=NoQuery,
        body=JsonBody(SearchManifest),
        answers=(Answer(200, "The messages.", ExportManifest, headers=TAG, example=MANIFEST),),
        errors=(*MAIL, *SEARCH),
        repeatable=True,
        replayed=False,  # the answer is as large as a mailbox
    ),
    Endpoint(
        method="POST",
        path=_EXPORTS,
        scope=Scope.READ,
        handler=export_search_result,
        bulk=True,
        counted="bulk",
        summary="What a search finds as one mbox or zip, streamed",
        description="Only whole messages, in the order of the manifest: with its ETag as `If-Match` the n-th message "
        "is the n-th of the manifest, and whoever is cut off goes on with the `cursor` of the last one that came "
        "whole. Where a message goes meanwhile, the export ends in order before it.",
        tag="export",
        query=FormatQuery,
        body=JsonBody(SearchManifest),
        answers=(
            Answer(200, "An mbox (mboxrd).", media_type="application/mbox", headers=TAG),
            Answer(200, "A zip of .eml files, a folder for each folder.", media_type="application/zip", headers=TAG),
        ),
        errors=(*MAIL, *SEARCH, "precondition-failed"),
        headers={"If-Match": "the manifest's entity tag: 412 where the export would hold other messages"},
        repeatable=True,
        replayed=False,  # the answer is as large as a mailbox
    ),
    Endpoint(
        method="POST",
        path=_EXPORTS + "/confirm",
        scope=Scope.DELETE,
        handler=confirm_search_export,
        bulk=True,
        counted="bulk",
        summary="The same proof, of messages of several folders",
        description="As for an export of one folder. With thenDelete=true what is proved is removed folder by folder: "
        "where that breaks off in between, the answer is `write-in-doubt`, and nothing but what was proved is gone.",
        tag="export",
        query=ConfirmQuery,
        body=JsonBody(ExportConfirm),
        answers=(Answer(200, "All agrees.", ExportConfirmed, example=ExportConfirmed(count=1, size=48213, deleted=1)),),
        errors=(*WRITE, "conflict"),
    ),
)
