"""Invitations: the events of a ``text/calendar`` part (RFC 5545), parsed by icalendar behind our own caps.

Each event is given to the library by itself, without its time zones, alarms and whatever is not shown: one that can't
be read costs no other, and nothing of one message stays in the library's memory of zones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from icalendar import Event as Parsed
from icalendar.prop import vCalAddress, vDDDTypes, vDuration
from msgspec import Struct, field

from gateway.message.calendar_lines import Component, Line, calendar_lines
from gateway.message.calendar_zone import defined_zones, named_zone
from gateway.message.words import clean_text

MAX_ATTENDEES = 1000
MAX_SHORT = 1024  # characters of a name or title
MAX_LONG = 16_384  # characters of a description
MAX_RULES = 100  # lines of recurrence

_RECURRENCE = frozenset(("RRULE", "RDATE", "EXDATE", "EXRULE"))
_TZID = re.compile(r';TZID=("[^"]*+"|[^;:",]*+)', re.IGNORECASE)
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_UNREADABLE = (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError)


class Moment(Struct, frozen=True):
    """``local`` is RFC 3339 without a zone, or a day alone; ``utc`` None: floating, a day, or a zone unknown."""

    local: str
    all_day: bool
    zone: str | None
    utc: str | None


class Person(Struct, frozen=True):
    """An organizer or attendee; ``status``, ``role`` in lower case as RFC 5545 section 3.2 has them."""

    name: str | None
    email: str
    status: str | None = None
    role: str | None = None
    rsvp: bool | None = None


class Event(Struct, frozen=True):
    """One VEVENT. ``recurrence`` holds its rules as they stand, such as ``RRULE:FREQ=WEEKLY``."""

    uid: str | None
    summary: str | None
    description: str | None
    location: str | None
    status: str | None
    sequence: int | None
    start: Moment | None
    end: Moment | None
    recurrence_id: Moment | None
    organizer: Person | None
    attendees: tuple[Person, ...]
    recurrence: tuple[str, ...]
    problems: tuple[str, ...] = ()


class Calendar(Struct, frozen=True):
    """``method`` in lower case, such as ``request``, ``reply`` or ``cancel``."""

    method: str | None
    events: tuple[Event, ...]
    problems: tuple[str, ...] = ()


def read_calendar(text: str) -> Calendar:
    """Bounded, never raises; what could not be read is left out and said."""
    lines = calendar_lines(text)
    problems = set(lines.problems)
    zones = defined_zones(lines.zones)
    events = tuple(_Reader(component, zones).event() for component in lines.events)
    if not events and "other-components" not in problems:
        problems.add("no-event")
    return Calendar(lines.method.lower() if lines.method else None, events, tuple(sorted(problems)))


class _Reader(Struct):
    component: Component
    zones: Mapping[str, tzinfo]
    problems: set[str] = field(default_factory=set)

    def event(self) -> Event:
        names: dict[str, str] = {}  # the zone that a property names, by the property
        rules: list[str] = []
        kept: list[str] = []
        for line in self.component.lines:
            if line.name in _RECURRENCE:
                rules.append(clean_text(line.name + line.rest)[:MAX_SHORT])
            else:
                kept.append(line.name + self._without_zone(line, names))
        parsed = self._parsed(kept)
        start = self._moment(parsed, "DTSTART", names)
        people = self._people(parsed, "ATTENDEE")
        if len(people) > MAX_ATTENDEES or len(rules) > MAX_RULES:
            self.problems.add("event-truncated")
        organizers = self._people(parsed, "ORGANIZER")
        return Event(
            uid=self._text(parsed, "UID"),
            summary=self._text(parsed, "SUMMARY"),
            description=self._text(parsed, "DESCRIPTION", MAX_LONG),
            location=self._text(parsed, "LOCATION"),
            status=_lower(self._text(parsed, "STATUS")),
            sequence=self._number(parsed, "SEQUENCE"),
            start=start,
            end=self._moment(parsed, "DTEND", names) or self._after(parsed, names),
            recurrence_id=self._moment(parsed, "RECURRENCE-ID", names),
            organizer=organizers[0] if organizers else None,
            attendees=tuple(people[:MAX_ATTENDEES]),
            recurrence=tuple(rules[:MAX_RULES]),
            problems=tuple(sorted(self.problems)),
        )

    def _without_zone(self, line: Line, names: dict[str, str]) -> str:
        """The library remembers zones for all time, by any name: it is not told of them."""
        found = _TZID.search(line.rest)
        if found is None or not line.name.startswith(("DT", "RECURRENCE")):
            return line.rest
        names.setdefault(line.name, found[1].strip('"').strip())
        return line.rest[: found.start()] + line.rest[found.end() :]

    def _parsed(self, lines: list[str]) -> Parsed:
        octets = "\r\n".join(["BEGIN:VEVENT", *map(_one_line, lines), "END:VEVENT", ""]).encode("utf-8", "replace")
        try:
            found = Parsed.from_ical(octets)
        except _UNREADABLE:
            self.problems.add("event-unreadable")
            return Parsed()
        if not isinstance(found, Parsed):
            self.problems.add("event-unreadable")
            return Parsed()
        self.problems.update(f"unreadable-{(name or 'line').lower()[:60]}" for name, _ in found.errors)
        return found

    def _first(self, parsed: Parsed, name: str) -> object:
        found = parsed.get(name)
        return next(iter(found), None) if isinstance(found, list) else found

    def _text(self, parsed: Parsed, name: str, most: int = MAX_SHORT) -> str | None:
        found = self._first(parsed, name)
        if not isinstance(found, str):
            return None
        text = str(found)
        if len(text) > most:
            self.problems.add("event-truncated")
        text = text[:most].replace("\r\n", "\n")
        if most == MAX_SHORT:
            return clean_text(text.replace("\n", " ")) or None
        return _CONTROLS.sub("", text).strip() or None

    def _number(self, parsed: Parsed, name: str) -> int | None:
        found = self._first(parsed, name)
        if found is None:
            return None
        if isinstance(found, int) and 0 <= found < 2**31:
            return int(found)
        self.problems.add(f"unreadable-{name.lower()}")
        return None

    def _people(self, parsed: Parsed, name: str) -> list[Person]:
        found = parsed.get(name)
        values = found if isinstance(found, list) else [found]
        people = [_person(value) for value in values[: MAX_ATTENDEES + 1] if isinstance(value, vCalAddress)]
        return [person for person in people if person.email or person.name]

    def _moment(self, parsed: Parsed, name: str, names: Mapping[str, str]) -> Moment | None:
        found = self._first(parsed, name)
        if found is None:
            return None
        value = found.dt if isinstance(found, vDDDTypes) else None
        if isinstance(value, datetime | date):
            return self._of(value, names.get(name))
        self.problems.add(f"unreadable-{name.lower()}")
        return None

    def _after(self, parsed: Parsed, names: Mapping[str, str]) -> Moment | None:
        """The end where it is told by DURATION (RFC 5545 section 3.6.1), or is that of the day it starts on."""
        start = self._first(parsed, "DTSTART")
        begun = start.dt if isinstance(start, vDDDTypes) else None
        if not isinstance(begun, datetime | date):
            return None
        duration = self._first(parsed, "DURATION")
        length = duration.dt if isinstance(duration, vDuration | vDDDTypes) else None
        if not isinstance(length, timedelta):
            return None
        if not isinstance(begun, datetime) and length % timedelta(days=1):
            begun = datetime.combine(begun, time())
        try:
            return self._of(begun + length, names.get("DTSTART"))
        except OverflowError:
            self.problems.add("unreadable-duration")
            return None

    def _of(self, value: datetime | date, zone: str | None) -> Moment:
        if not isinstance(value, datetime):
            return Moment(value.isoformat(), True, None, None)
        local = value.replace(tzinfo=None).isoformat(timespec="seconds")
        if value.tzinfo is not None:
            return Moment(local, False, "UTC", local + "Z")
        if zone is None:
            return Moment(local, False, None, None)
        known = self.zones.get(zone) or named_zone(zone)
        if known is None:
            self.problems.add("unknown-time-zone")
        shown = clean_text(zone)[:MAX_SHORT]
        return Moment(local, False, shown, _utc(value, known) if known is not None else None)


def _utc(local: datetime, zone: tzinfo) -> str | None:
    try:
        return local.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
    except (OverflowError, ValueError):  # the first and the last day of all
        return None


def _person(value: vCalAddress) -> Person:
    said = {str(name).upper(): clean_text(str(text))[:MAX_SHORT] for name, text in value.params.items()}
    email = clean_text(str(value))[:MAX_SHORT]
    if email[:7].lower() == "mailto:":
        email = email[7:].strip()
    rsvp = said.get("RSVP", "").upper()
    return Person(
        name=said.get("CN") or None,
        email=email,
        status=_lower(said.get("PARTSTAT")),
        role=_lower(said.get("ROLE")),
        rsvp=None if rsvp not in ("TRUE", "FALSE") else rsvp == "TRUE",
    )


def _one_line(line: str) -> str:
    return line.replace("\r", "").replace("\n", "")


def _lower(text: str | None) -> str | None:
    return text.lower() if text else None
