"""Invitations and reports as typed values."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from gateway.mail.resource import Address, Id, Resource

Instant = Annotated[str | None, Meta(description="RFC 3339, in UTC")]


class CalendarTime(Resource, kw_only=True, frozen=True):
    """A moment as the sender wrote it, and where it can be told, in UTC."""

    local: Annotated[str, Meta(description="2026-11-20T09:00:00, or 2026-11-20 where allDay")]
    all_day: bool = False
    zone: Annotated[str | None, Meta(description="as the sender calls it; UTC; null: none, wherever one is")] = None
    utc: Annotated[str | None, Meta(description="null: all day, no zone, or a zone that is not known")] = None


class Participant(Resource, kw_only=True, frozen=True):
    """An organizer or attendee (RFC 5545 section 3.8.4)."""

    name: str | None = None
    email: str
    status: Annotated[
        str | None, Meta(description="needs-action, accepted, declined, tentative, delegated; null: not said")
    ] = None
    role: Annotated[str | None, Meta(description="chair, req-participant, opt-participant, non-participant")] = None
    rsvp: bool | None = None


class CalendarEvent(Resource, kw_only=True, frozen=True):
    """One VEVENT (RFC 5545 section 3.6.1)."""

    part_id: Annotated[str, Meta(description="the part it is in")]
    method: Annotated[str | None, Meta(description="request, reply, cancel, publish …, of its calendar")] = None
    uid: str | None = None
    summary: str | None = None
    description: str | None = None
    location: str | None = None
    status: Annotated[str | None, Meta(description="confirmed, tentative, cancelled")] = None
    sequence: int | None = None
    start: CalendarTime | None = None
    end: CalendarTime | None = None
    recurrence_id: Annotated[CalendarTime | None, Meta(description="which occurrence it replaces")] = None
    recurrence: Annotated[list[str], Meta(description="its rules as they stand, such as RRULE:FREQ=WEEKLY")] = field(
        default_factory=list
    )
    organizer: Participant | None = None
    attendees: list[Participant] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class MessageCalendar(Resource, kw_only=True, frozen=True):
    """The events in a message; none where it has no calendar part."""

    id: Id
    events: list[CalendarEvent] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class TypedValue(Resource, kw_only=True, frozen=True):
    """Such as `rfc822; user@example.org` or `smtp; 550 no such user`."""

    type: Annotated[str | None, Meta(description="lower case; null: not said")]
    value: str


class DeliveryRecipient(Resource, kw_only=True, frozen=True):
    """What became of the message for one recipient (RFC 3464 section 2.3)."""

    final_recipient: TypedValue | None = None
    original_recipient: TypedValue | None = None
    action: Annotated[str | None, Meta(description="failed, delayed, delivered, relayed, expanded")] = None
    status: Annotated[str | None, Meta(description="such as 5.1.1; null: can't be read")] = None
    remote_mta: TypedValue | None = None
    diagnostic_code: TypedValue | None = None
    last_attempt_at: str | None = None
    will_retry_until: str | None = None


class DeliveryReport(Resource, kw_only=True, frozen=True):
    """A delivery status notification (RFC 3464)."""

    part_id: str
    reporting_mta: TypedValue | None = None
    received_from_mta: TypedValue | None = None
    envelope_id: str | None = None
    arrived_at: str | None = None
    recipients: list[DeliveryRecipient] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class DispositionReport(Resource, kw_only=True, frozen=True):
    """A message disposition notification (RFC 8098)."""

    part_id: str
    reporting_ua: str | None = None
    final_recipient: TypedValue | None = None
    original_recipient: TypedValue | None = None
    original_message_id: str | None = None
    action_mode: Annotated[str | None, Meta(description="manual-action, automatic-action")] = None
    sending_mode: Annotated[str | None, Meta(description="mdn-sent-manually, mdn-sent-automatically")] = None
    type: Annotated[str | None, Meta(description="displayed, deleted, dispatched, processed")] = None
    modifiers: list[str] = field(default_factory=list)
    texts: Annotated[list[str], Meta(description="what its Failure, Error and Warning fields say")] = field(
        default_factory=list
    )
    problems: list[str] = field(default_factory=list)


class OriginalMessage(Resource, kw_only=True, frozen=True):
    """The message that the report is about, as far as the report gives it back."""

    part_id: str
    message_id: list[str] = field(default_factory=list)
    subject: str | None = None
    from_: list[Address] = field(default_factory=list, name="from")
    to: list[Address] = field(default_factory=list)
    sent_at: str | None = None


class Report(Resource, kw_only=True, frozen=True):
    """What a report says. Anybody can write one: nothing here proves that it comes from the server it names."""

    id: Id
    delivery: DeliveryReport | None = None
    disposition: DispositionReport | None = None
    original: OriginalMessage | None = None
