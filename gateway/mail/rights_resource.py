"""Who may do what with a folder, as typed values."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from gateway.mail.permission import Word
from gateway.mail.request import Request
from gateway.mail.resource import Id, MailboxRights, Resource

Letters = Annotated[
    str, Meta(pattern=r"^[a-z0-9]*$", max_length=36, description="the letters of RFC 4314 section 2.1, such as `lrs`")
]


class RightsEntry(Resource, kw_only=True, frozen=True):
    """What one identifier is granted, or with ``negative`` denied."""

    who: Annotated[str, Meta(description="the mail server's identifier: a user name, `anyone`, a group, ...")]
    kind: Annotated[
        Literal["user", "group", "anyone", "special"],
        Meta(description="whom it seems to mean, by the marks that servers use (`$team`, `group:team`, `owner`)"),
    ]
    negative: Annotated[bool, Meta(description="`-bob`: these rights are taken from bob, whoever else grants them")]
    rights: list[Word]
    letters: Letters


class FolderRights(Resource, kw_only=True, frozen=True):
    folder_id: Id
    my_rights: MailboxRights
    entries: Annotated[
        list[RightsEntry] | None, Meta(description="null: only who has `mayAdmin` is told who may do what")
    ]


class Grantable(Resource, kw_only=True, frozen=True):
    """What can be granted to one identifier (RFC 4314 section 3.7)."""

    who: str
    always: Annotated[Letters, Meta(description="granted whatever is set")]
    tied: Annotated[list[Letters], Meta(description="what can be granted besides; letters of one item go together")]
    rights: Annotated[list[Word], Meta(description="the words that all of these together make possible")]


class RightsChange(Request, kw_only=True, frozen=True):
    """The rights from now on: in words, which leaves alone what no word speaks of, or in letters, exactly."""

    rights: list[Word] | UnsetType = UNSET
    letters: Letters | UnsetType = UNSET
