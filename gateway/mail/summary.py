"""From a FETCH response to a message's summary and structure: the one place where envelopes become JSON values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeAlias

from msgspec import UNSET

from gateway.imap.encode.fetch_item import FetchItem, Item
from gateway.imap.envelope import Envelope, EnvelopeAddress
from gateway.imap.flags import to_keywords
from gateway.imap.name import MailboxName
from gateway.imap.response import Fetched
from gateway.imap.session import Session
from gateway.imap.structure import BodyPart
from gateway.mail.address import id_of_folder, id_of_message
from gateway.mail.resource import Address, Message, MessageSummary, Part
from gateway.message.address import addresses
from gateway.message.body import has_attachment
from gateway.message.date import parse_date, rfc3339
from gateway.message.ids import content_id, message_ids
from gateway.message.parameter import charset_label, file_name
from gateway.message.words import decode_words

_SUMMARY = (Item.UID, Item.FLAGS, Item.INTERNALDATE, Item.SIZE, Item.ENVELOPE, Item.BODYSTRUCTURE)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_ENVELOPE = Envelope(None, None, (), (), (), (), (), (), None, None)


def summary_items(session: Session) -> tuple[FetchItem, ...]:
    """What to fetch for summaries, with what only some servers have (RFC 8970, RFC 8474)."""
    items: tuple[FetchItem, ...] = _SUMMARY
    if session.capabilities.has("PREVIEW"):
        items = (*items, Item.PREVIEW)
    if session.capabilities.has("OBJECTID"):
        items = (*items, Item.EMAILID, Item.THREADID)
    elif session.capabilities.has("X-GM-EXT-1"):
        items = (*items, Item.GM_MSGID, Item.GM_THRID)
    return items


class People:
    """Addresses of one page: on most of its messages the same people stand somewhere, and are read once."""

    def __init__(self) -> None:
        self._known: dict[tuple[EnvelopeAddress, ...], list[Address]] = {}

    def of(self, addressed: tuple[EnvelopeAddress, ...]) -> list[Address]:
        known = self._known.get(addressed)
        if known is None:
            known = self._known[addressed] = people(addressed)
        return known


Read: TypeAlias = Callable[[tuple[EnvelopeAddress, ...]], list[Address]]


def summarise(name: MailboxName, uidvalidity: int, fetched: Fetched, read: Read | None = None) -> MessageSummary:
    """The summary of one FETCH response; what could not be read is null and named in ``problems``.

    ``read``: who reads the addresses, where it is one for several messages.
    """
    return MessageSummary(**_fields(name, uidvalidity, fetched, read or people))


def detail(
    name: MailboxName, uidvalidity: int, fetched: Fetched, references: bytes | None, href: Callable[[str], str]
) -> Message:
    """The summary, the References header and the MIME tree; ``href`` makes the path of a part by its number."""
    structure = fetched.structure
    return Message(
        **_fields(name, uidvalidity, fetched, people),
        references=message_ids(references),
        body_structure=None if structure is None else part_tree(structure, href),
    )


def keywords(flags: Iterable[bytes]) -> list[str]:
    """Flags in RFC 8621 spelling, sorted; the session's own \\Recent is left out."""
    return to_keywords(flags)


def part_tree(root: BodyPart, href: Callable[[str], str]) -> Part:
    """The MIME tree as JSON values, built from the leaves up without recursion."""
    order: list[BodyPart] = []
    stack = [root]
    while stack:
        part = stack.pop()
        order.append(part)
        stack.extend(part.parts)
    done: dict[int, Part] = {}
    for part in reversed(order):
        done[id(part)] = part_value(part, href, [done[id(child)] for child in part.parts])
    return done[id(root)]


def part_value(part: BodyPart, href: Callable[[str], str], children: list[Part] | None = None) -> Part:
    """One part; only a leaf can be downloaded by itself."""
    leaf = part.type != "multipart"
    return Part(
        part_id=part.section,
        type=f"{part.type}/{part.subtype}",
        size=part.size,
        name=file_name(part),
        charset=charset_label(part),
        disposition=part.disposition,
        cid=content_id(part.id),
        encoding=part.encoding,
        href=href(part.section) if leaf else None,
        sub_parts=children or [],
    )


def people(addressed: tuple[EnvelopeAddress, ...]) -> list[Address]:
    return [Address(name=name, email=email) for name, email in addresses(addressed)] if addressed else []


def envelope_fields(found: Envelope | None, read: Read = people) -> dict[str, Any]:
    """What an envelope says, as the values of a summary."""
    envelope = found or _NO_ENVELOPE
    sent = parse_date(envelope.date) if envelope.date else None
    from_ = read(envelope.from_)
    return {
        "sent_at": rfc3339(sent) if sent else None,
        "subject": None if envelope.subject is None else decode_words(envelope.subject),
        "from_": from_,
        "to": read(envelope.to),
        "cc": read(envelope.cc),
        "bcc": read(envelope.bcc),
        # Where there is no Reply-To field the server repeats From (RFC 9051 section 7.5.2).
        "reply_to": from_ if envelope.reply_to == envelope.from_ else read(envelope.reply_to),
        "message_id": message_ids(envelope.message_id),
        "in_reply_to": message_ids(envelope.in_reply_to),
    }


def _fields(name: MailboxName, uidvalidity: int, fetched: Fetched, read: Read) -> dict[str, Any]:
    broken = sorted(fetched.broken)
    received = fetched.internaldate or _EPOCH
    return {
        "id": id_of_message(name, uidvalidity, fetched.uid or 0),
        "folder_id": id_of_folder(name),
        "flags": keywords(fetched.flags or ()),
        "size": fetched.size or 0,
        "received_at": rfc3339(received if received.tzinfo is UTC else received.astimezone(UTC)),
        **envelope_fields(fetched.envelope, read),
        "has_attachment": None if fetched.structure is None else has_attachment(fetched.structure),
        "preview": fetched.preview if "PREVIEW" in fetched.present else UNSET,
        "email_id": fetched.email_id or _hex(fetched.gm_msgid),
        "thread_id": fetched.thread_id or _hex(fetched.gm_thrid),
        "problems": [f"unreadable-{item.lower()}" for item in broken] if broken else UNSET,
    }


def _hex(number: int | None) -> str | None:
    """Gmail's 64-bit ids as its own interface writes them."""
    return None if number is None else f"{number:x}"
