"""What an export holds, and what a client says it has of it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from gateway.mail.request import Request
from gateway.mail.resource import Id, Resource


class ExportedMessage(Resource, kw_only=True, frozen=True):
    """One message of an export, at its place in it."""

    id: Id
    size: Annotated[int, Meta(description="octets, as the mail server tells; some servers estimate")]
    received_at: Annotated[str, Meta(description="RFC 3339, UTC")]
    name: Annotated[str, Meta(description="its file name in a zip")]
    cursor: Annotated[str, Meta(description="goes on after this message")]


class ExportManifest(Resource, kw_only=True, frozen=True):
    """What an export with the same parameters holds, oldest first."""

    messages: list[ExportedMessage]
    next_cursor: Annotated[str | None, Meta(description="goes on after all of these; null: nothing is left")] = None


class ExportConfirm(Request, kw_only=True, frozen=True):
    """What the client has received, whole."""

    ids: Annotated[list[Id], Meta(min_length=1, description="the messages, in the order of the export")]
    count: Annotated[int, Meta(ge=1, description="how many they are")]
    sha256: Annotated[
        str,
        Meta(
            pattern="^[0-9a-f]{64}$",
            description="SHA-256 over the octets of the messages one after the other, without what an mbox adds",
        ),
    ]


class ExportConfirmed(Resource, kw_only=True, frozen=True):
    """The client has what the mail server has."""

    count: int
    size: Annotated[int, Meta(description="octets of all")]
    deleted: Annotated[int, Meta(description="how many were removed for good: all, or none was asked for")]
