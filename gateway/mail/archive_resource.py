"""What an archive run that exports says: one line after the other."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from gateway.mail.request import Request
from gateway.mail.resource import Id, Resource

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class ExportRun(Request, kw_only=True, frozen=True):
    """What is to be taken away."""

    folder: Annotated[Id, Meta(description="folder id or role")]
    before: Annotated[date, Meta(description="mail received before this day is taken away")]
    limit: Annotated[int, Meta(ge=1, le=100_000, description="most messages in one run")] = 10_000
    cursor: (
        Annotated[str, Meta(min_length=1, max_length=100, description="that of the last `end` line: goes on after it")]
        | UnsetType
    ) = UNSET


class RunMessage(Resource, kw_only=True, frozen=True):
    """A message whose octets follow."""

    id: Id
    size: Annotated[int, Meta(description="octets, as the mail server tells; some servers estimate")]
    received_at: Annotated[str, Meta(description="RFC 3339, UTC")]
    name: Annotated[str, Meta(description="a file name for it")]


class RunEnd(Resource, kw_only=True, frozen=True):
    """All octets of the message are there: what has no such line did not come whole."""

    id: Id
    size: Annotated[int, Meta(description="octets that came")]
    sha256: Annotated[Sha256, Meta(description="of these octets")]
    cursor: Annotated[str, Meta(description="another run goes on after this message")]


class RunBatch(Resource, kw_only=True, frozen=True):
    """Messages that came whole since the last such line: the body of the folder's `export/confirm`."""

    ids: list[Id]
    count: int
    sha256: Annotated[Sha256, Meta(description="of their octets, one message after the other")]


class RunLine(Resource, kw_only=True, frozen=True):
    """A line has one of `message`, `octets`, `end` and `exported`; the others come with `exported`."""

    message: RunMessage | UnsetType = UNSET
    octets: Annotated[str | UnsetType, Meta(description="the next octets of the message, in base64")] = UNSET
    end: RunEnd | UnsetType = UNSET
    exported: Annotated[int | UnsetType, Meta(description="messages that came whole so far in this run")] = UNSET
    has_more: Annotated[bool | UnsetType, Meta(description="there may be more to export")] = UNSET
    done: Annotated[bool | UnsetType, Meta(description="the run is at its end; without this it was interrupted")] = (
        UNSET
    )
    batch: RunBatch | UnsetType = UNSET
