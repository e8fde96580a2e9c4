"""Reports in a message: delivery status and disposition notifications."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.accounts.account import Account
from gateway.errors import NotFound
from gateway.imap.envelope import Envelope
from gateway.imap.structure import BodyPart
from gateway.mail.again import reading
from gateway.mail.desk import Desk
from gateway.mail.resource import Address
from gateway.mail.structured import PartOctets, fetch_parts
from gateway.mail.structured_resource import (
    DeliveryRecipient,
    DeliveryReport,
    DispositionReport,
    OriginalMessage,
    Report,
    TypedValue,
)
from gateway.mail.summary import people
from gateway.message.address import parse_addresses
from gateway.message.date import parse_date, rfc3339
from gateway.message.header import first, split_fields
from gateway.message.ids import message_ids
from gateway.message.report import MAX_OCTETS, Recipient, Typed, delivery_status, disposition_notification
from gateway.message.words import decode_words

MOST: Final = MAX_OCTETS + 1
"""Octets of each part, as it is encoded."""

_DELIVERY: Final = ("delivery-status", "global-delivery-status")
_DISPOSITION: Final = ("disposition-notification", "global-disposition-notification")
_HEADERS: Final = ("rfc822-headers", "global-headers")


@reading
async def get_report(desk: Desk, account: Account, message_id: str) -> Report:
    """What the message reports. Raises NotFound where it reports nothing, IdExpired where its folder was rebuilt."""
    own, found = await fetch_parts(desk, account, message_id, _chosen, MOST)
    report = await asyncio.to_thread(_report, message_id, own, found)
    if report.delivery is None and report.disposition is None:
        raise NotFound("the message is no report", field="report")
    return report


def _chosen(parts: Sequence[BodyPart]) -> list[BodyPart]:
    """The first of each kind; the original's headers only where there is a report."""
    reports = [part for part in (_find(parts, _DELIVERY), _find(parts, _DISPOSITION)) if part is not None]
    headers = _find(parts, _HEADERS)
    return [*reports, headers] if reports and headers is not None else reports


def _find(parts: Sequence[BodyPart], subtypes: Sequence[str]) -> BodyPart | None:
    return next((part for part in parts if part.type in ("message", "text") and part.subtype in subtypes), None)


def _report(message_id: str, own: Sequence[BodyPart], found: Mapping[str, PartOctets]) -> Report:
    delivery, disposition, headers = (_given(own, found, kind) for kind in (_DELIVERY, _DISPOSITION, _HEADERS))
    return Report(
        id=message_id,
        delivery=_delivery(delivery) if delivery else None,
        disposition=_disposition(disposition) if disposition else None,
        original=_from_headers(headers) if headers else _enclosed(own),
    )


def _given(own: Sequence[BodyPart], found: Mapping[str, PartOctets], kind: Sequence[str]) -> PartOctets | None:
    part = _find(own, kind)
    return found.get(part.section) if part is not None else None


def _delivery(given: PartOctets) -> DeliveryReport:
    said = delivery_status(given.decoded())
    return DeliveryReport(
        part_id=given.part.section,
        reporting_mta=_typed(said.reporting_mta),
        received_from_mta=_typed(said.received_from_mta),
        envelope_id=said.envelope_id,
        arrived_at=said.arrived_at,
        recipients=list(map(_recipient, said.recipients)),
        problems=_problems(said.problems, given),
    )


def _recipient(said: Recipient) -> DeliveryRecipient:
    return DeliveryRecipient(
        final_recipient=_typed(said.final_recipient),
        original_recipient=_typed(said.original_recipient),
        action=said.action,
        status=said.status,
        remote_mta=_typed(said.remote_mta),
        diagnostic_code=_typed(said.diagnostic_code),
        last_attempt_at=said.last_attempt_at,
        will_retry_until=said.will_retry_until,
    )


def _disposition(given: PartOctets) -> DispositionReport:
    said = disposition_notification(given.decoded())
    return DispositionReport(
        part_id=given.part.section,
        reporting_ua=said.reporting_ua,
        final_recipient=_typed(said.final_recipient),
        original_recipient=_typed(said.original_recipient),
        original_message_id=said.original_message_id,
        action_mode=said.action_mode,
        sending_mode=said.sending_mode,
        type=said.type,
        modifiers=list(said.modifiers),
        texts=list(said.texts),
        problems=_problems(said.problems, given),
    )


def _typed(said: Typed | None) -> TypedValue | None:
    return TypedValue(type=said.type, value=said.value) if said else None


def _problems(said: Sequence[str], given: PartOctets) -> list[str]:
    return sorted({*said, *(["report-truncated"] if given.cut else [])})


def _from_headers(given: PartOctets) -> OriginalMessage:
    fields = split_fields(given.decoded())
    subject = first(fields, b"subject")
    sent = parse_date(first(fields, b"date"))
    return OriginalMessage(
        part_id=given.part.section,
        message_id=message_ids(first(fields, b"message-id")),
        subject=None if subject is None else decode_words(subject),
        from_=_addressed(first(fields, b"from")),
        to=_addressed(first(fields, b"to")),
        sent_at=rfc3339(sent) if sent else None,
    )


def _addressed(value: bytes | None) -> list[Address]:
    return [Address(name=name, email=email) for name, email in parse_addresses(value)]


def _enclosed(own: Sequence[BodyPart]) -> OriginalMessage | None:
    """Of the message that the report encloses whole: the server has read it already."""
    part = next((part for part in own if part.message_envelope is not None), None)
    if part is None or part.message_envelope is None:
        return None
    envelope: Envelope = part.message_envelope
    sent = parse_date(envelope.date)
    return OriginalMessage(
        part_id=part.section,
        message_id=message_ids(envelope.message_id),
        subject=None if envelope.subject is None else decode_words(envelope.subject),
        from_=people(envelope.from_),
        to=people(envelope.to),
        sent_at=rfc3339(sent) if sent else None,
    )
