"""Invitations in a message, as events."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from gateway.accounts.account import Account
from gateway.imap.structure import BodyPart
from gateway.mail.again import reading
from gateway.mail.desk import Desk
from gateway.mail.structured import PartOctets, fetch_parts
from gateway.mail.structured_resource import CalendarEvent, CalendarTime, MessageCalendar, Participant
from gateway.message.parameter import file_name, parameter
from gateway.message.value import text_value

if TYPE_CHECKING:  # which brings icalendar: only where an invitation is read
    from gateway.message.calendar import Event, Moment, Person

MAX_PARTS: Final = 4
"""Calendar parts of one message that are read."""
MOST: Final = 1_048_576
"""Octets of each, as it is encoded."""


@reading
async def get_calendar(desk: Desk, account: Account, message_id: str) -> MessageCalendar:
    """The events of the message's calendar parts; of attached messages' none.

    Raises NotFound, and IdExpired where the folder was rebuilt since.
    """
    own, found = await fetch_parts(desk, account, message_id, lambda parts: _calendars(parts)[:MAX_PARTS], MOST)
    problems = {"too-many-calendars"} if len(_calendars(own)) > MAX_PARTS else set[str]()
    events, wrong = await asyncio.to_thread(_events, list(found.values()))
    return MessageCalendar(id=message_id, events=events, problems=sorted(problems | wrong))


def _calendars(parts: Sequence[BodyPart]) -> list[BodyPart]:
    """text/calendar; the same is often attached a second time, so other forms count only where that is not there."""
    said = [part for part in parts if (part.type, part.subtype) == ("text", "calendar")]
    return said or [part for part in parts if _is_calendar_file(part)]


def _is_calendar_file(part: BodyPart) -> bool:
    if (part.type, part.subtype) == ("application", "ics"):
        return True
    return part.subtype == "octet-stream" and (file_name(part) or "").lower().endswith(".ics")


def _events(found: Sequence[PartOctets]) -> tuple[list[CalendarEvent], set[str]]:
    from gateway.message.calendar import read_calendar

    events: list[CalendarEvent] = []
    problems: set[str] = set()
    for each in found:
        value = text_value(each.encoded, each.part, truncated=each.cut)
        calendar = read_calendar(value.text)
        method = calendar.method or _word(parameter(each.part.params, "method"))
        events += [_event(event, each.part.section, method) for event in calendar.events]
        problems.update(calendar.problems)
        if value.problem:
            problems.add("encoding-problem")
        if each.cut:
            problems.add("calendar-truncated")
    return events, problems


def _word(text: str | None) -> str | None:
    return text.strip().lower()[:60] or None if text else None


def _event(event: Event, part_id: str, method: str | None) -> CalendarEvent:
    return CalendarEvent(
        part_id=part_id,
        method=method,
        uid=event.uid,
        summary=event.summary,
        description=event.description,
        location=event.location,
        status=event.status,
        sequence=event.sequence,
        start=_time(event.start),
        end=_time(event.end),
        recurrence_id=_time(event.recurrence_id),
        recurrence=list(event.recurrence),
        organizer=_participant(event.organizer) if event.organizer else None,
        attendees=list(map(_participant, event.attendees)),
        problems=list(event.problems),
    )


def _time(moment: Moment | None) -> CalendarTime | None:
    if moment is None:
        return None
    return CalendarTime(local=moment.local, all_day=moment.all_day, zone=moment.zone, utc=moment.utc)


def _participant(person: Person) -> Participant:
    return Participant(name=person.name, email=person.email, status=person.status, role=person.role, rsvp=person.rsvp)
