"""What is known of one message that may belong to a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct, field

from gateway.imap.encode.fetch_item import FetchItem, Section
from gateway.imap.name import MailboxName
from gateway.imap.response import Fetched
from gateway.imap.session import Session
from gateway.mail.resource import MessageSummary
from gateway.mail.summary import summarise, summary_items
from gateway.message.header import first, split_fields
from gateway.message.ids import message_ids
from gateway.message.subject import BaseSubject, base_subject

_REFERENCES = Section("", "HEADER.FIELDS", fields=("References",))


class Place(Struct, frozen=True):
    """Where a message is."""

    folder: MailboxName
    uidvalidity: int
    uid: int


class Letter(Struct):
    """``ids``: its own and those it names, the nearest last; ``bonds``: what ties it to others besides."""

    summary: MessageSummary
    received: datetime | None
    subject: BaseSubject
    ids: tuple[str, ...]
    gm_thrid: int | None
    bonds: set[str] = field(default_factory=set)

    @property
    def names_none(self) -> bool:
        """It says of no other message that it answers it."""
        return set(self.ids) <= set(self.summary.message_id)


def letter_items(session: Session) -> Sequence[FetchItem]:
    """What ``letter()`` is made of."""
    return (*summary_items(session), _REFERENCES)


def letter(place: Place, fetched: Fetched) -> Letter:
    """Of a FETCH answer to ``letter_items()``."""
    summary = summarise(place.folder, place.uidvalidity, fetched)
    block = next((data for data in fetched.sections.values() if isinstance(data, bytes)), b"")
    references = message_ids(first(split_fields(block), b"references"))
    ids = dict.fromkeys((*references, *summary.in_reply_to, *summary.message_id))
    return Letter(summary, fetched.internaldate, base_subject(summary.subject or ""), tuple(ids), fetched.gm_thrid)
