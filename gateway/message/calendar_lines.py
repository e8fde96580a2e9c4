"""An iCalendar object cut into the lines of its events (RFC 5545 section 3.1), before any library sees them.

::

    contentline = name *(";" param) ":" value CRLF        a line that begins with a blank goes on with the one before

Only what is shown of an event is kept: no alarm, no attachment, no time zone's rules, no line beyond the caps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

MAX_TEXT = 1_048_576  # characters of one calendar
MAX_LINES = 20_000  # of one calendar, folded ones counted one by one
MAX_LINE = 16_384  # characters of a line, unfolded
MAX_EVENTS = 100  # of one calendar
MAX_DEPTH = 20  # of components in components
MAX_EVENT_LINES = 2000  # that are kept of one event; it may have a thousand attendees

_HEAD = re.compile(r"[ \t]*+([A-Za-z0-9-]{1,60}+)(?=[;:])")
_READ = frozenset(
    ("UID", "SUMMARY", "DTSTART", "DTEND", "DURATION", "ORGANIZER", "ATTENDEE", "LOCATION", "SEQUENCE", "STATUS",
     "DESCRIPTION", "RECURRENCE-ID", "RRULE", "RDATE", "EXDATE", "EXRULE")
)  # fmt: skip
_ZONE = frozenset(("TZID", "X-LIC-LOCATION", "TZOFFSETTO"))


class Line(Struct, frozen=True):
    """``name`` in upper case; ``rest`` from the ``;`` or ``:`` after it on."""

    name: str
    rest: str

    @property
    def value(self) -> str:
        """What stands after the first colon that is in no quotes; lenient."""
        quoted = False
        for at, character in enumerate(self.rest):
            if character == '"':
                quoted = not quoted
            elif character == ":" and not quoted:
                return self.rest[at + 1 :]
        return self.rest.partition(":")[2]


class Component(Struct):
    """The kept lines of a VEVENT or VTIMEZONE, those of a zone's observances among its own."""

    kind: str
    lines: list[Line] = field(default_factory=list)


class Lines(Struct):
    """A calendar's events and zones in order, and what is wrong with it."""

    method: str | None = None
    events: list[Component] = field(default_factory=list)
    zones: list[Component] = field(default_factory=list)
    problems: set[str] = field(default_factory=set)


def calendar_lines(text: str) -> Lines:
    """Linear in the text; never raises."""
    found = Lines()
    if len(text) > MAX_TEXT:
        found.problems.add("calendar-truncated")
    stack: list[str] = []
    for line in _unfolded(text[:MAX_TEXT], found.problems):
        if line.name == "BEGIN":
            kind = line.value.strip().upper()
            if kind == "VEVENT" and "VEVENT" in stack:
                found.problems.add("event-not-ended")
                del stack[stack.index("VEVENT") :]
            if len(stack) >= MAX_DEPTH:
                found.problems.add("calendar-truncated")
                break
            stack.append(kind)
            _begin(found, kind)
        elif line.name == "END":
            _end(stack, line.value.strip().upper())
        else:
            _keep(found, stack, line)
    if stack:
        found.problems.add("calendar-not-ended")
    return found


def _begin(found: Lines, kind: str) -> None:
    if kind == "VEVENT":
        if len(found.events) < MAX_EVENTS:
            found.events.append(Component(kind))
        else:
            found.problems.add("too-many-events")
    elif kind == "VTIMEZONE" and len(found.zones) < MAX_EVENTS:
        found.zones.append(Component(kind))
    elif kind in ("VTODO", "VJOURNAL", "VFREEBUSY"):
        found.problems.add("other-components")


def _end(stack: list[str], kind: str) -> None:
    """Also of components that were not ended within it."""
    if kind in stack:
        while stack.pop() != kind:
            pass


def _keep(found: Lines, stack: list[str], line: Line) -> None:
    inner = stack[-1] if stack else ""
    if inner == "VEVENT" and "too-many-events" not in found.problems:
        if line.name not in _READ:
            return
        lines = found.events[-1].lines
        if len(lines) < MAX_EVENT_LINES:
            lines.append(line)
        else:
            found.problems.add("calendar-truncated")
    elif "VTIMEZONE" in stack and line.name in _ZONE and found.zones:
        if len(found.zones[-1].lines) < MAX_EVENT_LINES:
            found.zones[-1].lines.append(line)
    elif line.name == "METHOD" and found.method is None:
        found.method = line.value.strip()[:60] or None


def _unfolded(text: str, problems: set[str]) -> Iterator[Line]:
    pieces: list[str] = []
    size = 0
    for number, raw in enumerate(text.split("\n")):
        if number >= MAX_LINES:
            problems.add("calendar-truncated")
            break
        line = raw.rstrip("\r")
        if line[:1] in (" ", "\t") and pieces:
            if size < MAX_LINE:
                pieces.append(line[1:])
                size += len(line)
            continue
        yield from _line("".join(pieces), problems)
        pieces, size = [line], len(line)
    yield from _line("".join(pieces), problems)


def _line(text: str, problems: set[str]) -> Iterator[Line]:
    if not text.strip():
        return
    if len(text) > MAX_LINE:
        problems.add("line-truncated")
        text = text[:MAX_LINE]
    head = _HEAD.match(text)
    if head is None:
        problems.add("line-unreadable")
    else:
        yield Line(head[1].upper(), text[head.end() :])
