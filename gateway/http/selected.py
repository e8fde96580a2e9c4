"""What of an event a client wants and may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from msgspec import UNSET, Struct, field
from msgspec.structs import replace

from gateway.live.event import Event
from gateway.mail.quota_level import QuotaNews
from gateway.mail.resource import AccountChanges, Changes, FolderChanges, Message, MessagePage, MessageSummary

Kind: TypeAlias = Literal["changes", "created", "updated", "destroyed", "resync", "folders", "quota"]
ALL: frozenset[Kind] = frozenset({"changes", "created", "updated", "destroyed", "resync", "folders", "quota"})


class Wanted(Struct, frozen=True):
    """``kinds`` of changes; `changes` stands for all three. ``bodies``: the caller may read message texts.

    `hello`, `resync` and `bye` are always sent: a client that does not hear them can't stay in step.
    """

    kinds: frozenset[Kind] = field(default=ALL)
    bodies: bool = True

    def part(self, event: Event) -> Event | None:
        """The event without what is not wanted; None where nothing is left of it."""
        if isinstance(event, FolderChanges):
            return event if "folders" in self.kinds else None
        if isinstance(event, QuotaNews):
            return event if "quota" in self.kinds else None
        if not isinstance(event, Changes):
            return event
        shown = event if self.bodies else without_previews(event)
        if "changes" in self.kinds:
            return shown
        kept = replace(
            shown,
            created=shown.created if "created" in self.kinds else [],
            updated=shown.updated if "updated" in self.kinds else [],
            destroyed=shown.destroyed if "destroyed" in self.kinds else [],
        )
        return kept if kept.created or kept.updated or kept.destroyed else None


def without_previews(changes: Changes) -> Changes:
    """A preview is the beginning of the body: not for a token that may see metadata only."""
    return replace(changes, created=_bare(changes.created))


def account_without_previews(changes: AccountChanges) -> AccountChanges:
    return replace(changes, changes=[without_previews(each) for each in changes.changes])


def page_without_previews(page: MessagePage) -> MessagePage:
    return replace(page, messages=_bare(page.messages))


def message_without_preview(message: Message) -> Message:
    return replace(message, preview=UNSET)


def _bare(messages: Sequence[MessageSummary]) -> list[MessageSummary]:
    return [replace(message, preview=UNSET) for message in messages]
