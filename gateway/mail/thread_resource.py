"""A conversation as the API shows it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from gateway.mail.resource import Id, MessageSummary, Resource

Basis = Literal["threadId", "gmail", "refs", "references", "headers"]


class Thread(Resource, kw_only=True, frozen=True):
    """Messages that belong together, oldest first by receivedAt (RFC 8621 section 3)."""

    messages: list[MessageSummary]
    basis: Annotated[
        Basis,
        Meta(
            description="how they were found: `threadId` and `gmail` by the server's own ids; `refs` and `references` "
            "by its THREAD algorithm of that name, the latter with the subject; `headers` by the ids in Message-ID, "
            "In-Reply-To and References, and the subject for replies that name none"
        ),
    ]
    complete: Annotated[bool, Meta(description="false where there may be more: a bound was met, or a folder not read")]
    folders: Annotated[list[Id], Meta(description="where it was looked for")]
