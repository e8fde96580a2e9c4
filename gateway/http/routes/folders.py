"""Folders: the tree and one folder."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta
from starlette.responses import Response

from gateway.http import reply
from gateway.http.body import JsonBody, NoBody
from gateway.http.call import Call
from gateway.http.endpoint import Answer, AnyEndpoint, Endpoint
from gateway.http.query import NoQuery, Query
from gateway.http.routes.errors import MAIL, WRITE
from gateway.http.routes.examples import FOLDER
from gateway.identity.scope import Scope
from gateway.mail import folders
from gateway.mail.request import FolderCreate, FolderPatch
from gateway.mail.resource import Folder, FolderList


class FoldersQuery(Query, kw_only=True, frozen=True):
    rights: Annotated[
        bool, Meta(description="ask for `myRights` of each folder also where that takes a command a folder")
    ] = False


class DeleteQuery(Query, kw_only=True, frozen=True):
    force: Annotated[bool, Meta(description="delete it although it is not empty")] = False


async def list_folders(call: Call[FoldersQuery, None]) -> Response:
    return reply.hashed(call, await folders.list_folders(call.desk, await call.account(), rights=call.query.rights))


async def get_folder(call: Call[NoQuery, None]) -> Response:
    found = await folders.get_folder(call.desk, await call.account(), call.folder)
    return reply.tagged(call, found.value, found.etag)


async def create_folder(call: Call[NoQuery, FolderCreate]) -> Response:
    made = await folders.create_folder(call.desk, await call.account(), call.body)
    return reply.created(made, call.href(f"folders/{made.id}"))


async def patch_folder(call: Call[NoQuery, FolderPatch]) -> Response:
    return reply.json(await folders.patch_folder(call.desk, await call.account(), call.folder, call.body))


async def delete_folder(call: Call[DeleteQuery, None]) -> Response:
    await folders.delete_folder(call.desk, await call.account(), call.folder, force=call.query.force)
    return reply.empty()


_FOLDERS: Final = "/v1/accounts/{account}/folders"
_FOLDER: Final = _FOLDERS + "/{folder}"

ENDPOINTS: Final[tuple[AnyEndpoint, ...]] = (
    Endpoint(
        method="GET",
        path=_FOLDERS,
        scope=Scope.METADATA,
        handler=list_folders,
        in_batch=True,
        summary="All folders, with their counts",
        tag="folders",
        query=FoldersQuery,
        body=NoBody(),
        answers=(
            Answer(200, "The folders, parents before children.", FolderList, example=FolderList(folders=[FOLDER])),
        ),
        errors=MAIL,
    ),
    Endpoint(
        method="POST",
        path=_FOLDERS,
        scope=Scope.FOLDERS,
        handler=create_folder,
        in_batch=True,
        summary="Create a folder and subscribe to it",
        tag="folders",
        query=NoQuery,
        body=JsonBody(FolderCreate),
        answers=(Answer(201, "The new folder.", Folder, headers={"Location": "its path"}, example=FOLDER),),
        errors=(*WRITE, "already-exists", "conflict"),
    ),
    Endpoint(
        method="GET",
        path=_FOLDER,
        scope=Scope.METADATA,
        handler=get_folder,
        in_batch=True,
        summary="One folder",
        tag="folders",
        query=NoQuery,
        body=NoBody(),
        answers=(Answer(200, "The folder.", Folder, example=FOLDER),),
        errors=MAIL,
    ),
    Endpoint(
        method="PATCH",
        path=_FOLDER,
        scope=Scope.FOLDERS,
        handler=patch_folder,
        in_batch=True,
        summary="Rename, move or subscribe",
        description="A folder that is renamed or moved has another id afterwards; so have the messages in it.",
        tag="folders",
        query=NoQuery,
        body=JsonBody(FolderPatch),
        answers=(Answer(200, "The folder as it is now.", Folder, example=FOLDER),),
        errors=(*WRITE, "already-exists", "conflict"),
    ),
    Endpoint(
        method="DELETE",
        path=_FOLDER,
        scope=Scope.FOLDERS,
        handler=delete_folder,
        in_batch=True,
        summary="Delete a folder",
        tag="folders",
        query=DeleteQuery,
        body=NoBody(),
        answers=(Answer(204, "It is gone.", media_type=None),),
        errors=(*WRITE, "conflict", "has-children"),
    ),
)
