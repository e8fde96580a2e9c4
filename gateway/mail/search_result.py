"""What a search found."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from gateway.mail.resource import Id, MessageSummary, Resource


class Snippet(Resource, kw_only=True, frozen=True):
    """Where a message has the terms (RFC 8621 section 5): HTML in which `<mark>` is the only element."""

    email_id: Id
    subject: Annotated[str | None, Meta(description="null: the subject has none of them")]
    preview: Annotated[str | None, Meta(description="null: not in the text that was looked at; at most 255 octets")]


class SearchPage(Resource, kw_only=True, frozen=True):
    """A page can be shorter than `limit`, even empty, and still have a next one."""

    messages: list[MessageSummary]
    next_cursor: str | None
    complete: Annotated[
        bool,
        Meta(description="false: there is more than can be searched or sorted at once; narrow the search to see it"),
    ]
    is_fuzzy: Annotated[bool, Meta(description="the mail server matched texts as it saw fit")] = False
    total: Annotated[
        int | UnsetType | None, Meta(description="where it was asked for; null: too many messages to look at")
    ] = UNSET
    snippets: list[Snippet] | UnsetType = UNSET
