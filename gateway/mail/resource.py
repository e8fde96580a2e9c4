"""The resources of the API as typed values. Their JSON is the API; the OpenAPI document is generated from them.

Property names are RFC 8621's wherever it has one (section 4.1 for messages, section 2 for folders).
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

Id = Annotated[str, Meta(description="opaque and URL-safe")]
Flag = Annotated[
    str,
    Meta(description="RFC 8621 keyword: $seen, $flagged, $answered, $draft, $deleted, or a server keyword, lower case"),
]


class Resource(Struct, rename="camel", kw_only=True, frozen=True):
    """Base of all answers: camelCase JSON."""


class Address(Resource, kw_only=True, frozen=True, gc=False):
    """RFC 8621 section 4.1.2.3 EmailAddress."""

    name: str | None
    email: str


class MessageSummary(Resource, kw_only=True, frozen=True, gc=False):
    """One row of a list: no body leaves the server for it."""

    id: Id
    folder_id: Id
    flags: list[Flag]
    size: Annotated[int, Meta(description="octets of the whole message")]
    received_at: Annotated[str, Meta(description="RFC 3339, UTC: when the server received it")]
    sent_at: Annotated[
        str | None, Meta(description="RFC 3339 with the sender's zone, or null where it can't be read")
    ] = None
    subject: str | None = None
    from_: list[Address] = field(default_factory=list, name="from")
    to: list[Address] = field(default_factory=list)
    cc: list[Address] = field(default_factory=list)
    bcc: list[Address] = field(default_factory=list)
    reply_to: list[Address] = field(default_factory=list)
    message_id: list[str] = field(default_factory=list)
    in_reply_to: list[str] = field(default_factory=list)
    has_attachment: bool | None = None
    preview: str | UnsetType | None = UNSET
    email_id: str | None = None
    thread_id: str | None = None
    problems: Annotated[
        list[str] | UnsetType, Meta(description="what could not be read in this message, if anything")
    ] = UNSET


class Part(Resource, kw_only=True, frozen=True):
    """One leaf of the MIME tree (RFC 8621 section 4.1.4 EmailBodyPart)."""

    part_id: Annotated[str, Meta(description="IMAP part number, such as 1.2")]
    type: str
    size: Annotated[int, Meta(description="octets as encoded in the message")]
    name: str | None = None
    charset: str | None = None
    disposition: str | None = None
    cid: str | None = None
    encoding: Annotated[str, Meta(description="transfer encoding, lower case")] = "7bit"
    href: Annotated[str | None, Meta(description="path of the decoded part")] = None
    sub_parts: list[Part] = field(default_factory=list)


class Message(MessageSummary, kw_only=True, frozen=True):
    """A message with its MIME structure."""

    references: list[str] = field(default_factory=list)
    body_structure: Part | None = None


class EmbeddedMessage(Resource, kw_only=True, frozen=True):
    """An attached message, opened: its headers and its MIME structure."""

    part_id: Annotated[str, Meta(description="part number of the attached message")]
    size: Annotated[int, Meta(description="octets of the attached message")]
    sent_at: Annotated[
        str | None, Meta(description="RFC 3339 with the sender's zone, or null where it can't be read")
    ] = None
    subject: str | None = None
    from_: list[Address] = field(default_factory=list, name="from")
    to: list[Address] = field(default_factory=list)
    cc: list[Address] = field(default_factory=list)
    bcc: list[Address] = field(default_factory=list)
    reply_to: list[Address] = field(default_factory=list)
    message_id: list[str] = field(default_factory=list)
    in_reply_to: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    has_attachment: bool | None = None
    body_structure: Part | None = None


class Segment(Resource, kw_only=True, frozen=True):
    """A stretch of a text: the writer's own words, a quoted message, or a signature."""

    kind: Literal["text", "quote", "signature"]
    start: Annotated[int, Meta(description="Unicode code points before it in `value`")]
    length: Annotated[int, Meta(description="Unicode code points in it")]


class BodyValue(Resource, kw_only=True, frozen=True):
    """Decoded text (RFC 8621 section 4.1.4 EmailBodyValue)."""

    value: str
    is_encoding_problem: bool = False
    is_truncated: bool = False
    derived: Annotated[bool, Meta(description="made by the gateway out of the other form, which is all there is")] = (
        False
    )
    segments: Annotated[
        list[Segment] | UnsetType,
        Meta(description="of plain text: what a client may fold. They adjoin, and together are all of `value`"),
    ] = UNSET


class Body(Resource, kw_only=True, frozen=True):
    """What a reader sees on opening a message."""

    id: Id
    part_id: Annotated[str | UnsetType, Meta(description="the attached message whose body this is")] = UNSET
    text: Annotated[BodyValue | None, Meta(description="the plain text, or null")] = None
    html: Annotated[BodyValue | None, Meta(description="the sanitised HTML, or null")] = None
    text_body: list[Part] = field(default_factory=list)
    html_body: list[Part] = field(default_factory=list)
    attachments: list[Part] = field(default_factory=list)
    blocked_remote: Annotated[int, Meta(description="remote references removed from the HTML")] = 0
    problems: list[str] = field(default_factory=list)


class MailboxRights(Resource, kw_only=True, frozen=True):
    """RFC 8621 section 2 myRights, and ``mayAdmin``: to see and change who may do what."""

    may_read_items: bool
    may_add_items: bool
    may_remove_items: bool
    may_set_seen: bool
    may_set_keywords: bool
    may_create_child: bool
    may_rename: bool
    may_delete: bool
    may_submit: bool
    may_admin: bool
    letters: Annotated[str, Meta(description="the same as the mail server has it: the letters of RFC 4314")]


class Folder(Resource, kw_only=True, frozen=True):
    """A folder (RFC 8621 section 2 Mailbox)."""

    id: Id
    name: Annotated[str, Meta(description="last level of the path")]
    path: Annotated[list[str], Meta(description="names from the root down")]
    parent_id: Id | None = None
    role: Annotated[
        str | None, Meta(description="inbox, sent, drafts, trash, junk, archive, flagged, all, or null")
    ] = None
    total_messages: int | None = None
    unread_messages: int | None = None
    is_subscribed: bool | None = None
    may_select: bool = True
    has_children: bool | None = None
    namespace: Literal["personal", "other", "shared"] = "personal"
    owner: str | None = None
    state: Annotated[str | None, Meta(description="changes when anything in the folder does")] = None
    my_rights: Annotated[
        MailboxRights | UnsetType, Meta(description="what the caller may do; absent where the server was not asked")
    ] = UNSET


class FolderList(Resource, kw_only=True, frozen=True):
    folders: list[Folder]


class MessagePage(Resource, kw_only=True, frozen=True):
    """Messages newest first. ``nextCursor`` is a position, never a page number."""

    messages: list[MessageSummary]
    next_cursor: str | None = None
    state: Annotated[str, Meta(description="give it as since= to changes or events")]
    total: int | None = None


class FlagUpdate(Resource, kw_only=True, frozen=True):
    id: Id
    flags: list[Flag]


class Changes(Resource, kw_only=True, frozen=True):
    """What changed since a state: the answer of GET …/changes and the data of a `changes` event alike."""

    folder_id: Id
    old_state: str
    new_state: str
    has_more: bool = False
    mode: Literal["qresync", "condstore", "window"]
    coverage: Coverage
    created: list[MessageSummary] = field(default_factory=list)
    updated: list[FlagUpdate] = field(default_factory=list)
    destroyed: list[Id] = field(default_factory=list)
    moved: Annotated[
        list[MovedMessage] | UnsetType,
        Meta(
            description="after a renaming: the new ids; of the old folder's messages those not named are gone. Empty "
            "with the first messages of a folder"
        ),
    ] = UNSET
    total_messages: int | None = None


class MovedMessage(Resource, kw_only=True, frozen=True):
    """The same message under another id."""

    id: Id
    new_id: Id


class Coverage(Resource, kw_only=True, frozen=True):
    """How much of the folder the answer speaks for."""

    updated: Literal["all", "window"] = "all"
    destroyed: Literal["all", "window"] = "all"
    since: Annotated[Id | None, Meta(description="oldest message the window covers; null: all")] = None
    present: Annotated[
        list[Id],
        Meta(
            description="with `destroyed`: `window`, what went is not named: of the messages that the client had in "
            "the folder these are left"
        ),
    ] = field(default_factory=list)


class RenamedFolder(Resource, kw_only=True, frozen=True):
    """A folder that has another id now. The new ids of its messages come as ``moved`` in its next changes."""

    id: Annotated[Id, Meta(description="the id until now")]
    folder: Folder


class FolderChanges(Resource, kw_only=True, frozen=True):
    """What changed in the folder list: a part of GET …/changes and the data of a `folders` event alike."""

    created: list[Folder] = field(default_factory=list)
    updated: Annotated[list[Folder], Meta(description="subscribed, unsubscribed, or selectable now or no more")] = (
        field(default_factory=list)
    )
    renamed: list[RenamedFolder] = field(default_factory=list)
    destroyed: list[Id] = field(default_factory=list)


class AccountChanges(Resource, kw_only=True, frozen=True):
    """What changed in an account: the folder list first, then each folder as its own GET …/changes tells it."""

    old_state: Annotated[str | None, Meta(description="null: asked for without `since`, as a place to start from")]
    new_state: Annotated[str, Meta(description="give it as since= to changes or events of the account")]
    has_more: bool = False
    folders: FolderChanges
    changes: list[Changes] = field(default_factory=list)
    unchecked: Annotated[
        list[Id],
        Meta(
            description="folders whose flags were not compared: the mail server numbers no changes, and one answer "
            "opens only so many folders for that"
        ),
    ] = field(default_factory=list)


class MoveResult(Resource, kw_only=True, frozen=True):
    id: Annotated[Id | None, Meta(description="the message's new id; null where the server does not tell (no UIDPLUS)")]


class StoredMessage(Resource, kw_only=True, frozen=True):
    id: Annotated[Id | None, Meta(description="null where the server does not tell (no UIDPLUS)")]
    folder_id: Id
    size: int
    existed: Annotated[bool, Meta(description="it was in the folder already; nothing was stored")] = False


class Outcome(Resource, kw_only=True, frozen=True):
    """What became of one message of a bulk request."""

    id: Id
    status: Annotated[
        int,
        Meta(
            description="HTTP status of this item: 200 done; 404 `not-found` gone from the folder already, by whose "
            "hand nobody can tell; 410 `id-expired` the folder was rebuilt"
        ),
    ]
    new_id: Id | None = None
    flags: list[Flag] | None = None
    type: Annotated[str | None, Meta(description="problem type where it failed")] = None


class BulkResult(Resource, kw_only=True, frozen=True):
    results: list[Outcome]


class Flags(Resource, kw_only=True, frozen=True):
    flags: list[Flag]


class Budget(Resource, kw_only=True, frozen=True):
    """How many IMAP connections the account may and does use."""

    allowed: int
    pool: int
    watchers: int
    in_use: int


class AccountLimits(Resource, kw_only=True, frozen=True):
    """What one request may ask for."""

    page_max: Annotated[int, Meta(description="largest `limit` of a page")]
    bulk_max: Annotated[int, Meta(description="most messages in one bulk request")]
    message_bytes: Annotated[int, Meta(description="largest message that can be stored")]
    streams: Annotated[int, Meta(description="event streams at a time")]


class LinkedBy(Resource, kw_only=True, frozen=True):
    """Of an account that its user linked: how, and whether it still opens. Never what opens it."""

    how: Annotated[Literal["password", "oauth"], Meta(description="an app password, or a grant of the provider's")]
    state: Annotated[
        Literal["ok", "reauth-required"], Meta(description="whether it has to be linked again before it can be used")
    ]
    since: Annotated[str, Meta(description="RFC 3339, UTC")]
    is_default: Annotated[bool, Meta(description="it is `me` where the token itself names no account")]
    label: str | None


class AccountInfo(Resource, kw_only=True, frozen=True):
    id: Id
    address: str
    provider: str
    capabilities: list[str] | UnsetType = UNSET
    sync_mode: Literal["qresync", "condstore", "window"] | UnsetType = UNSET
    budget: Budget | UnsetType = UNSET
    limits: AccountLimits | UnsetType = UNSET
    linked: LinkedBy | UnsetType = UNSET


class AccountList(Resource, kw_only=True, frozen=True):
    accounts: list[AccountInfo]
