"""The API's values as they come: JSON objects, typed (the OpenAPI document tells all members)."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict, final


class Message(TypedDict):
    """A message summary; members that the client does not look at are kept as they are."""

    id: str
    folderId: str
    flags: list[str]
    receivedAt: str
    subject: NotRequired[str | None]
    messageId: NotRequired[list[str]]
    emailId: NotRequired[str | None]
    pending: NotRequired[bool]  # of the local view: a change of it waits in the outbox


class Folder(TypedDict):
    id: str
    name: str
    path: list[str]
    role: NotRequired[str | None]
    maySelect: NotRequired[bool]
    totalMessages: NotRequired[int | None]
    unreadMessages: NotRequired[int | None]


class FlagUpdate(TypedDict):
    id: str
    flags: list[str]


class MovedMessage(TypedDict):
    id: str
    newId: str


class Coverage(TypedDict):
    destroyed: Literal["all", "window"]
    present: list[str]


@final
class Changes(TypedDict):
    """What changed in one folder."""

    folderId: str
    oldState: str
    newState: str
    hasMore: bool
    coverage: Coverage
    created: list[Message]
    updated: list[FlagUpdate]
    destroyed: list[str]
    moved: NotRequired[list[MovedMessage]]
    totalMessages: NotRequired[int | None]


class RenamedFolder(TypedDict):
    id: str
    folder: Folder


@final
class FolderChanges(TypedDict):
    """What changed in the folder list."""

    created: list[Folder]
    updated: list[Folder]
    renamed: list[RenamedFolder]
    destroyed: list[str]


@final
class AccountChanges(TypedDict):
    """What changed in the account: the folder list, then its folders."""

    oldState: str | None
    newState: str
    hasMore: bool
    folders: FolderChanges
    changes: list[Changes]


class Page(TypedDict):
    messages: list[Message]
    nextCursor: str | None
    state: str


Value = Changes | FolderChanges | AccountChanges
