"""What a search asks for: the filter tree, the order, and what to tell with it. Names are those of RFC 8621."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from gateway.mail.request import Request
from gateway.mail.resource import Flag, Id
from gateway.mail.term import LONGEST

Term = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=LONGEST,
        description="words that must all be there, in any case; quotes ('…' or \"…\") make a phrase of several",
    ),
]
Moment = Annotated[datetime, Meta(tz=True)]
Size = Annotated[int, Meta(ge=0)]
Keyword = Annotated[Flag, Meta(min_length=1, max_length=255)]
UNSUPPORTED = "not supported: 422"


class SearchFilter(Request, kw_only=True, frozen=True):
    """A condition, all of whose members must hold (RFC 8621 section 4.4.1), or an `operator` over `conditions`."""

    operator: Annotated[
        Literal["AND", "OR", "NOT"] | UnsetType, Meta(description="with `conditions`; NOT: none of them holds")
    ] = UNSET
    conditions: list[SearchFilter] | UnsetType = UNSET
    in_mailbox: Annotated[Id | UnsetType, Meta(description="folder id or role")] = UNSET
    in_mailbox_other_than: Annotated[list[Id], Meta(max_length=100)] | UnsetType = UNSET
    before: Annotated[Moment | UnsetType, Meta(description="`receivedAt` is before this moment")] = UNSET
    after: Annotated[Moment | UnsetType, Meta(description="`receivedAt` is this moment or later")] = UNSET
    min_size: Annotated[Size | UnsetType, Meta(description="octets, or more")] = UNSET
    max_size: Annotated[Size | UnsetType, Meta(description="less than this many octets")] = UNSET
    has_keyword: Keyword | UnsetType = UNSET
    not_keyword: Keyword | UnsetType = UNSET
    all_in_thread_have_keyword: Annotated[Keyword | UnsetType, Meta(description=UNSUPPORTED)] = UNSET
    some_in_thread_have_keyword: Annotated[Keyword | UnsetType, Meta(description=UNSUPPORTED)] = UNSET
    none_in_thread_have_keyword: Annotated[Keyword | UnsetType, Meta(description=UNSUPPORTED)] = UNSET
    has_attachment: bool | UnsetType = UNSET
    text: Annotated[Term | UnsetType, Meta(description="anywhere in the message; needs mail.read")] = UNSET
    from_: Term | UnsetType = field(default=UNSET, name="from")
    to: Term | UnsetType = UNSET
    cc: Term | UnsetType = UNSET
    bcc: Term | UnsetType = UNSET
    subject: Term | UnsetType = UNSET
    body: Annotated[Term | UnsetType, Meta(description="in the body; needs mail.read")] = UNSET
    header: (
        Annotated[
            list[Annotated[str, Meta(max_length=LONGEST)]],
            Meta(min_length=1, max_length=2, description="a field's name, and what its value contains"),
        ]
        | UnsetType
    ) = UNSET


Sortable = Literal["receivedAt", "sentAt", "size", "from", "to", "subject"]
Unsortable = Literal["hasKeyword", "allInThreadHaveKeyword", "someInThreadHaveKeyword"]


class Comparator(Request, kw_only=True, frozen=True):
    """RFC 8621 section 4.4.2; the last three properties are refused with 422."""

    property: Sortable | Unsortable
    is_ascending: bool = True


SearchedFolders = Annotated[
    list[Id],
    Meta(
        min_length=1,
        max_length=100,
        description="ids or roles; default: all of the caller's own but junk and trash, "
        "which are searched where the filter names them",
    ),
]


class Search(Request, kw_only=True, frozen=True):
    """A search over several folders of an account."""

    filter: SearchFilter | UnsetType = UNSET
    folders: SearchedFolders | UnsetType = UNSET
    sort: Annotated[
        list[Comparator],
        Meta(max_length=6, description="default: newest first, in the order of arrival, which costs least"),
    ] = field(default_factory=list)
    limit: Annotated[int, Meta(ge=1, description="most messages in one page")] = 50
    cursor: Annotated[str, Meta(min_length=1, max_length=8192)] | UnsetType = UNSET
    calculate_total: Annotated[bool, Meta(description="count all that match, in every folder")] = False
    snippets: Annotated[bool, Meta(description="show where the terms were found; needs mail.read")] = False
    fuzzy: Annotated[bool, Meta(description="match texts as the mail server sees fit, where it can (RFC 6203)")] = False
