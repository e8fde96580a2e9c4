"""What clients send, as typed values; an unknown member is an error, so a typo never widens a request."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from gateway.mail.resource import Flag, Id


class Request(Struct, rename="camel", kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Base of all request bodies: a typo is an error, never ignored."""


class FolderCreate(Request, kw_only=True, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=255)]
    parent_id: Id | None = None


class FolderPatch(Request, kw_only=True, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=255)] | UnsetType = UNSET
    parent_id: Id | UnsetType | None = UNSET
    is_subscribed: bool | UnsetType = UNSET


MaxChanges = Annotated[int, Meta(ge=1, le=1000, description="most messages in one answer; `hasMore` tells of the rest")]


Members = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=200)]] | Annotated[str, Meta(min_length=1, max_length=8000)],
    Meta(description="only these members of new messages, as `fields=` of a page; a list, or with commas"),
]


class ChangesRequest(Request, kw_only=True, frozen=True):
    """The query of GET …/changes, for a state that is too long for a URL."""

    since: Annotated[str, Meta(min_length=1, description="a `state` of this folder")]
    max_changes: MaxChanges = 256
    fields: Members | UnsetType = UNSET


class AccountChangesRequest(Request, kw_only=True, frozen=True):
    """The same of a whole account; without `since` it answers with a place to start from."""

    since: Annotated[str, Meta(min_length=1, description="`newState` of earlier changes")] | None = None
    max_changes: MaxChanges = 256
    fields: Members | UnsetType = UNSET


class FlagPatch(Request, kw_only=True, frozen=True):
    add: list[Flag] | UnsetType = UNSET
    remove: list[Flag] | UnsetType = UNSET
    set: list[Flag] | UnsetType = UNSET


class Destination(Request, kw_only=True, frozen=True):
    folder: Annotated[Id, Meta(description="folder id or role")]


class Filter(Request, kw_only=True, frozen=True):
    """Simple filters; all that are given must hold."""

    unseen: bool | None = None
    flagged: bool | None = None
    from_: str | None = field(default=None, name="from")
    to: str | None = None
    subject: str | None = None
    text: str | None = None
    since: Annotated[str | None, Meta(description="RFC 3339 date: received on this day or later")] = None
    before: Annotated[str | None, Meta(description="RFC 3339 date: received before this day")] = None


class Selection(Request, kw_only=True, frozen=True):
    """Which messages a bulk request means: named ones, or all that a filter matches."""

    ids: list[Id] | UnsetType = UNSET
    filter: Filter | UnsetType = UNSET


class BulkFlags(Selection, kw_only=True, frozen=True):
    add: list[Flag] | UnsetType = UNSET
    remove: list[Flag] | UnsetType = UNSET
    set: list[Flag] | UnsetType = UNSET


class BulkMove(Selection, kw_only=True, frozen=True):
    folder: Annotated[Id, Meta(description="folder id or role")]


class BulkDelete(Selection, kw_only=True, frozen=True):
    permanent: bool = False
