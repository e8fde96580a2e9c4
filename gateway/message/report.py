"""Reports about messages: what became of one (RFC 3464), and whether it was read (RFC 8098).

::

    delivery-status-content = per-message-fields 1*( CRLF per-recipient-fields )        RFC 3464 section 2.1
    disposition-field       = "Disposition" ":" mode ";" type [ "/" modifier *( "," modifier ) ]
                                                                                        RFC 8098 section 3.2.6

Read leniently: blank lines may lack or be too many, types may lack, anything may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from gateway.message.date import parse_date, rfc3339
from gateway.message.header import Field, every, first, read_block
from gateway.message.ids import message_ids
from gateway.message.words import decode_words

MAX_OCTETS = 262_144  # of one report; a thousand recipients fit
MAX_RECIPIENTS = 1000
MAX_TEXTS = 20  # Failure, Error and Warning fields of a disposition notification

_STATUS = re.compile(rb"([245])\s*+\.\s*+([0-9]{1,3})\s*+\.\s*+([0-9]{1,3})(?![0-9])")
_TYPED = re.compile(rb"\s*+([A-Za-z0-9+_.-]{1,40}+)\s*+;")
_COMMENT = re.compile(rb"\([^()]*+\)")
_WORD = re.compile(rb"[A-Za-z-]{1,40}+")
_LATER = frozenset((b"final-recipient", b"action"))
"""A second one of these within a block begins the next recipient: some senders leave out the blank line."""
_RECIPIENT = frozenset((b"final-recipient", b"original-recipient", b"action", b"status", b"diagnostic-code"))


class Typed(Struct, frozen=True):
    """``rfc822; user@example.org``: ``type`` in lower case, None where it is not said."""

    type: str | None
    value: str


class Recipient(Struct, frozen=True):
    """What became of the message for one recipient. ``action`` in lower case; ``status`` as in RFC 3463."""

    final_recipient: Typed | None
    original_recipient: Typed | None
    action: str | None
    status: str | None
    remote_mta: Typed | None
    diagnostic_code: Typed | None
    last_attempt_at: str | None
    will_retry_until: str | None


class Delivery(Struct, frozen=True):
    """A delivery status notification (RFC 3464)."""

    reporting_mta: Typed | None
    received_from_mta: Typed | None
    envelope_id: str | None
    arrived_at: str | None
    recipients: tuple[Recipient, ...]
    problems: tuple[str, ...] = ()


class Disposition(Struct, frozen=True):
    """A message disposition notification (RFC 8098). Words in lower case, such as ``displayed``."""

    reporting_ua: str | None
    final_recipient: Typed | None
    original_recipient: Typed | None
    original_message_id: str | None
    action_mode: str | None
    sending_mode: str | None
    type: str | None
    modifiers: tuple[str, ...]
    texts: tuple[str, ...]
    problems: tuple[str, ...] = ()


def delivery_status(octets: bytes) -> Delivery:
    """Of a ``message/delivery-status`` part, decoded. Never raises."""
    problems: set[str] = set()
    if len(octets) > MAX_OCTETS:
        problems.add("report-truncated")
    blocks = list(_blocks(octets[:MAX_OCTETS], problems))
    head: Sequence[Field] = ()
    if blocks and not _RECIPIENT & {field.name for field in blocks[0]}:
        head = blocks.pop(0)
    if len(blocks) > MAX_RECIPIENTS:
        problems.add("report-truncated")
    recipients = tuple(_recipient(block, problems) for block in blocks[:MAX_RECIPIENTS])
    if not recipients:
        problems.add("no-recipient")
    return Delivery(
        reporting_mta=_typed(first(head, b"reporting-mta")),
        received_from_mta=_typed(first(head, b"received-from-mta")),
        envelope_id=_text(first(head, b"original-envelope-id")),
        arrived_at=_date(first(head, b"arrival-date"), "arrival-date", problems),
        recipients=recipients,
        problems=tuple(sorted(problems)),
    )


def disposition_notification(octets: bytes) -> Disposition:
    """Of a ``message/disposition-notification`` part, decoded. Never raises."""
    problems: set[str] = set()
    if len(octets) > MAX_OCTETS:
        problems.add("report-truncated")
    fields = [field for block in _blocks(octets[:MAX_OCTETS], problems) for field in block]
    said = first(fields, b"disposition")
    modes, _, what = (said or b"").rpartition(b";")  # some senders leave out the modes
    action, _, sending = modes.partition(b"/")
    kind, _, modifiers = what.partition(b"/")
    if not _word(kind):
        problems.add("unreadable-disposition")
    ids = message_ids(first(fields, b"original-message-id"))
    texts = [text for name in (b"failure", b"error", b"warning") for text in map(_text, every(fields, name)) if text]
    return Disposition(
        reporting_ua=_text(first(fields, b"reporting-ua")),
        final_recipient=_typed(first(fields, b"final-recipient")),
        original_recipient=_typed(first(fields, b"original-recipient")),
        original_message_id=ids[0] if ids else None,
        action_mode=_word(action),
        sending_mode=_word(sending),
        type=_word(kind),
        modifiers=tuple(filter(None, map(_word, modifiers.split(b",")[:MAX_TEXTS]))),
        texts=tuple(texts[:MAX_TEXTS]),
        problems=tuple(sorted(problems)),
    )


def _blocks(octets: bytes, problems: set[str]) -> Iterator[list[Field]]:
    """Fields between blank lines; a block of several recipients is cut where the next one begins."""
    lines: list[bytes] = []
    text = octets.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    for line in (*text.split(b"\n"), b""):
        if line.strip():
            lines.append(line)
        elif lines:
            block = read_block(b"\n".join(lines))
            if block.junk or block.cut:
                problems.add("report-lines-unreadable")
            yield from _cut(block.fields)
            lines = []


def _cut(fields: Sequence[Field]) -> Iterator[list[Field]]:
    block: list[Field] = []
    seen: set[bytes] = set()
    for field in fields:
        if field.name in _LATER and field.name in seen:
            yield block
            block, seen = [], set()
        seen.add(field.name)
        block.append(field)
    if block:
        yield block


def _recipient(fields: Sequence[Field], problems: set[str]) -> Recipient:
    status = first(fields, b"status")
    found = _STATUS.search(status) if status else None
    if found is None:
        problems.add("unreadable-status")
    return Recipient(
        final_recipient=_typed(first(fields, b"final-recipient")),
        original_recipient=_typed(first(fields, b"original-recipient")),
        action=_word(first(fields, b"action") or b""),
        status=b".".join(found.groups()).decode("ascii") if found else None,
        remote_mta=_typed(first(fields, b"remote-mta")),
        diagnostic_code=_typed(first(fields, b"diagnostic-code")),
        last_attempt_at=_date(first(fields, b"last-attempt-date"), "last-attempt-date", problems),
        will_retry_until=_date(first(fields, b"will-retry-until"), "will-retry-until", problems),
    )


def _typed(value: bytes | None) -> Typed | None:
    if value is None:
        return None
    found = _TYPED.match(value)
    kind = found[1].decode("ascii").lower() if found else None
    text = decode_words(value[found.end() :] if found else value)
    if kind in ("rfc822", "utf-8", None) and text.startswith("<") and text.endswith(">"):
        text = text[1:-1].strip()
    return Typed(kind, text) if text else None


def _text(value: bytes | None) -> str | None:
    return decode_words(value) or None


def _word(value: bytes) -> str | None:
    found = _WORD.search(_COMMENT.sub(b" ", value[:1000]))
    return found[0].decode("ascii").lower() if found else None


def _date(value: bytes | None, name: str, problems: set[str]) -> str | None:
    if value is None:
        return None
    moment = parse_date(value)
    if moment is None:
        problems.add(f"unreadable-{name}")
        return None
    return rfc3339(moment)
