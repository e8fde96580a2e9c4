"""What `fields=` adds to a message, as typed values: header fields in their forms, mailing list, authentication."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from gateway.mail.resource import Address, Coverage, Flag, FlagUpdate, FolderChanges, Id, MovedMessage, Part, Resource

Links = Annotated[list[str], Meta(description="http, https or mailto, in the sender's order of preference")]


class HeaderField(Resource, kw_only=True, frozen=True):
    """RFC 8621 section 4.1.3 EmailHeader: the value is raw."""

    name: Annotated[str, Meta(description="as the message spells it")]
    value: str


class AddressGroup(Resource, kw_only=True, frozen=True):
    """RFC 8621 section 4.1.2.4 EmailAddressGroup."""

    name: Annotated[str | None, Meta(description="null: these are in no group")]
    addresses: list[Address]


class ListInfo(Resource, kw_only=True, frozen=True):
    """What a mailing list says of itself (RFC 2369, RFC 2919, RFC 8058)."""

    id: Annotated[str | None, Meta(description="List-Id without its brackets")] = None
    name: str | None = None
    help: Links = field(default_factory=list)
    unsubscribe: Links = field(default_factory=list)
    subscribe: Links = field(default_factory=list)
    post: Links = field(default_factory=list)
    owner: Links = field(default_factory=list)
    archive: Links = field(default_factory=list)
    posting: Annotated[bool | None, Meta(description="false: the list takes no messages; null: it does not say")] = None
    one_click: Annotated[
        str | None,
        Meta(description="a POST of `List-Unsubscribe=One-Click` to it unsubscribes; no DKIM signature was checked"),
    ] = None
    problems: list[str] = field(default_factory=list)


class AuthenticationProperty(Resource, kw_only=True, frozen=True):
    """A property that a verdict was found on, such as `header.from`."""

    type: Annotated[str | None, Meta(description="smtp, header, body, policy …; null: not said")]
    name: str
    value: str


class AuthenticationVerdict(Resource, kw_only=True, frozen=True):
    method: Annotated[str, Meta(description="lower case: spf, dkim, dmarc, arc …")]
    version: str | None = None
    result: Annotated[str, Meta(description="lower case: pass, fail, none …")]
    reason: str | None = None
    properties: list[AuthenticationProperty] = field(default_factory=list)


class AuthenticationResults(Resource, kw_only=True, frozen=True):
    """One Authentication-Results field (RFC 8601). Anybody can write one: believe only servers that you know."""

    authserv_id: Annotated[str | None, Meta(description="who says so; null: the field does not tell")]
    version: str | None = None
    results: list[AuthenticationVerdict] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class SelectedMessage(Resource, kw_only=True, frozen=True):
    """The members that `fields=` asked for, and `id`. Each `header:…` asked for is a member of that very name."""

    id: Id
    folder_id: Id | UnsetType = UNSET
    flags: list[Flag] | UnsetType = UNSET
    size: int | UnsetType = UNSET
    received_at: str | UnsetType = UNSET
    sent_at: str | UnsetType | None = UNSET
    subject: str | UnsetType | None = UNSET
    from_: list[Address] | UnsetType = field(default=UNSET, name="from")
    to: list[Address] | UnsetType = UNSET
    cc: list[Address] | UnsetType = UNSET
    bcc: list[Address] | UnsetType = UNSET
    reply_to: list[Address] | UnsetType = UNSET
    message_id: list[str] | UnsetType = UNSET
    in_reply_to: list[str] | UnsetType = UNSET
    has_attachment: bool | UnsetType | None = UNSET
    preview: str | UnsetType | None = UNSET
    email_id: str | UnsetType | None = UNSET
    thread_id: str | UnsetType | None = UNSET
    references: list[str] | UnsetType = UNSET
    body_structure: Part | UnsetType | None = UNSET
    headers: Annotated[list[HeaderField] | UnsetType, Meta(description="all of them, in order, raw")] = UNSET
    list_: Annotated[ListInfo | UnsetType | None, Meta(description="null: it came through no mailing list")] = field(
        default=UNSET, name="list"
    )
    authentication: Annotated[
        list[AuthenticationResults] | UnsetType, Meta(description="in order: the last server's word first")
    ] = UNSET
    problems: Annotated[
        list[str] | UnsetType, Meta(description="what could not be read in this message, if anything")
    ] = UNSET


class SelectedPage(Resource, kw_only=True, frozen=True):
    """A page of which `fields=` named the members."""

    messages: list[SelectedMessage]
    next_cursor: str | None = None
    state: Annotated[str, Meta(description="give it as since= to changes or events")]
    total: int | None = None


class SelectedChanges(Resource, kw_only=True, frozen=True):
    """Changes of which `fields=` named the members of new messages."""

    folder_id: Id
    old_state: str
    new_state: str
    has_more: bool = False
    mode: Literal["qresync", "condstore", "window"]
    coverage: Coverage
    created: list[SelectedMessage] = field(default_factory=list)
    updated: list[FlagUpdate] = field(default_factory=list)
    destroyed: list[Id] = field(default_factory=list)
    moved: list[MovedMessage] | UnsetType = UNSET
    total_messages: int | None = None


class SelectedAccountChanges(Resource, kw_only=True, frozen=True):
    """Changes of an account of which `fields=` named the members of new messages."""

    old_state: str | None
    new_state: str
    has_more: bool = False
    folders: FolderChanges
    changes: list[SelectedChanges] = field(default_factory=list)
    unchecked: list[Id] = field(default_factory=list)
