"""Invitations as programs send them, and as attackers would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.calendar import MAX_ATTENDEES, Calendar, Event, Moment, Person, read_calendar
from gateway.message.calendar_lines import MAX_EVENTS, MAX_LINES, MAX_TEXT
from gateway.message.calendar_zone import named_zone
from tests.effort import linear

START = "DTSTART:20261120T080000Z"


def calendar(*lines: str, method: str = "METHOD:REQUEST", zones: str = "") -> Calendar:
    event = "\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT"])
    return read_calendar(f"BEGIN:VCALENDAR\n{method}\n{zones}{event}\nEND:VCALENDAR\n")


def event(*lines: str, zones: str = "") -> Event:
    (found,) = calendar(*lines, zones=zones).events
    return found


def test_an_invitation() -> None:
    found = calendar(
        "UID:1@example.org",
        "SUMMARY;LANGUAGE=en:Team\\, meet",
        " ing\\nin two lines",
        "DESCRIPTION:first\\nsecond",
        "LOCATION:Room 1",
        "STATUS:CONFIRMED",
        "SEQUENCE:2",
        "DTSTART;TZID=Europe/Berlin:20261120T090000",
        "DTEND;TZID=Europe/Berlin:20261120T100000",
        'ORGANIZER;CN="Chair: the one":MAILTO:chair@example.org',
        "ATTENDEE;CN=Me;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT;RSVP=TRUE:mailto:me@example.org",
        "ATTENDEE:mailto:you@example.org",
        "RRULE:FREQ=WEEKLY;BYDAY=MO",
        "EXDATE:20261127T080000Z",
        "BEGIN:VALARM",
        "SUMMARY:of the alarm",
        "END:VALARM",
    )
    assert (found.method, found.problems) == ("request", ())
    (said,) = found.events
    assert said.uid == "1@example.org"
    assert said.summary == "Team, meeting in two lines"
    assert said.description == "first\nsecond"
    assert (said.location, said.status, said.sequence) == ("Room 1", "confirmed", 2)
    assert said.start == Moment("2026-11-20T09:00:00", False, "Europe/Berlin", "2026-11-20T08:00:00Z")
    assert said.end == Moment("2026-11-20T10:00:00", False, "Europe/Berlin", "2026-11-20T09:00:00Z")
    assert said.organizer == Person("Chair: the one", "chair@example.org")
    assert said.attendees == (
        Person("Me", "me@example.org", "accepted", "req-participant", True),
        Person(None, "you@example.org"),
    )
    assert said.recurrence == ("RRULE:FREQ=WEEKLY;BYDAY=MO", "EXDATE:20261127T080000Z")
    assert said.problems == ()


FIXED = (
    "BEGIN:VTIMEZONE\nTZID:Own\nBEGIN:STANDARD\nTZOFFSETTO:+0530\nRRULE:FREQ=SECONDLY\nEND:STANDARD\nEND:VTIMEZONE\n"
)
KNOWN = "BEGIN:VTIMEZONE\nTZID:Own\nX-LIC-LOCATION:Europe/Berlin\nEND:VTIMEZONE\n"


@pytest.mark.parametrize(
    ("start", "zones", "moment"),
    [
        ("DTSTART:20261120T080000Z", "", Moment("2026-11-20T08:00:00", False, "UTC", "2026-11-20T08:00:00Z")),
        ("DTSTART:20261120T080000", "", Moment("2026-11-20T08:00:00", False, None, None)),
        ("DTSTART;VALUE=DATE:20261120", "", Moment("2026-11-20", True, None, None)),
        ("DTSTART:20261120", "", Moment("2026-11-20", True, None, None)),
        ("DTSTART;TZID=W. Europe Standard Time:20260720T080000", "",
         Moment("2026-07-20T08:00:00", False, "W. Europe Standard Time", "2026-07-20T06:00:00Z")),
        ('dtstart;tzid="/vendor.example/20260101/Europe/Berlin":20261120T080000', "",
         Moment("2026-11-20T08:00:00", False, "/vendor.example/20260101/Europe/Berlin", "2026-11-20T07:00:00Z")),
        ("DTSTART;TZID=Own:20261120T080000", FIXED,
         Moment("2026-11-20T08:00:00", False, "Own", "2026-11-20T02:30:00Z")),
        ("DTSTART;TZID=Own:20261120T080000", KNOWN,
         Moment("2026-11-20T08:00:00", False, "Own", "2026-11-20T07:00:00Z")),
    ],
)  # fmt: skip
def test_moments(start: str, zones: str, moment: Moment) -> None:
    found = event(start, zones=zones)
    assert found.start == moment
    assert found.problems == ()


def test_a_zone_of_one_message_is_not_known_in_the_next() -> None:
    assert event("DTSTART;TZID=Own:20261120T080000", zones=FIXED).problems == ()
    found = event("DTSTART;TZID=Own:20261120T080000")
    assert found.start == Moment("2026-11-20T08:00:00", False, "Own", None)
    assert found.problems == ("unknown-time-zone",)


@pytest.mark.parametrize(
    "name", ["", "..", "../../etc/passwd", "/etc/passwd", "Europe", "a\0b", "x" * 10_000, "Europe/../UTC/x"]
)
def test_zones_that_are_none(name: str) -> None:
    assert named_zone(name) is None


@pytest.mark.parametrize(
    ("lines", "end"),
    [
        (("DTSTART:20261120T080000Z", "DURATION:PT90M"), "2026-11-20T09:30:00"),
        (("DTSTART;VALUE=DATE:20261120", "DURATION:P2D"), "2026-11-22"),
        (("DTSTART:20261120T080000Z", "DTEND:20261120T100000Z", "DURATION:PT1H"), "2026-11-20T10:00:00"),
    ],
)
def test_the_end(lines: tuple[str, ...], end: str) -> None:
    found = event(*lines).end
    assert found is not None
    assert found.local == end


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (("DTSTART:tomorrow",), "unreadable-dtstart"),
        (("DTSTART:20261399T080000Z",), "unreadable-dtstart"),
        ((START, "SEQUENCE:many"), "unreadable-sequence"),
        ((START, "SEQUENCE:-1"), "unreadable-sequence"),
        ((START, "DURATION:P99999999999D"), "unreadable-duration"),
        ((START, "DTEND;VALUE=PERIOD:20261120T080000Z/PT1H"), "unreadable-dtend"),
        ((START, *["ATTENDEE:mailto:a@example.org"] * (MAX_ATTENDEES + 1)), "event-truncated"),
        ((START, "DESCRIPTION:" + "x" * 16_385), "line-truncated"),
    ],
)
def test_what_can_t_be_read_is_said_and_costs_nothing_else(lines: tuple[str, ...], problem: str) -> None:
    found = event("UID:u", *lines)
    assert found.uid == "u"
    assert any(said.startswith(problem) for said in (*found.problems, *calendar("UID:u", *lines).problems))


@pytest.mark.parametrize(
    ("text", "events", "problems"),
    [
        ("", 0, {"no-event"}),
        ("not a calendar", 0, {"no-event", "line-unreadable"}),
        ("BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\nEND:VTODO\nEND:VCALENDAR", 0, {"other-components"}),
        ("BEGIN:VEVENT\nUID:1\nEND:VEVENT", 1, set()),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1", 1, {"calendar-not-ended"}),
        (
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nBEGIN:VEVENT\nUID:2\nEND:VEVENT\nEND:VCALENDAR",
            2,
            {"event-not-ended"},
        ),
        ("BEGIN:VEVENT\nUID:1\nno line\nEND:VEVENT", 1, {"line-unreadable"}),
        ("begin:vevent\nuid:1\nend:vevent", 1, set()),
        ("BEGIN:VEVENT\nEND:VEVENT\n" * (MAX_EVENTS + 5), MAX_EVENTS, {"too-many-events"}),
        ("BEGIN:X\n" * 5000, 0, {"no-event", "calendar-truncated", "calendar-not-ended"}),
        ("X:1\n" * (MAX_LINES + 1), 0, {"no-event", "calendar-truncated"}),
        ("X:" + "1" * MAX_TEXT, 0, {"no-event", "calendar-truncated", "line-truncated"}),
    ],
)
def test_calendars_that_are_odd(text: str, events: int, problems: set[str]) -> None:
    found = read_calendar(text)
    assert len(found.events) == events
    assert set(found.problems) == problems


def test_one_bad_event_costs_no_other() -> None:
    found = read_calendar('BEGIN:VEVENT\nUID:1\nDTSTART;X="a:b\nEND:VEVENT\nBEGIN:VEVENT\nUID:2\nEND:VEVENT\n')
    assert [each.uid for each in found.events][-1] == "2"


def test_a_calendar_never_opens_a_file() -> None:
    assert read_calendar("/etc/hostname").events == ()
    assert event("UID:/etc/hostname").uid == "/etc/hostname"


_PIECES = st.lists(
    st.one_of(
        st.text(max_size=10),
        st.sampled_from(
            ["BEGIN:VEVENT\n", "END:VEVENT\n", "DTSTART", ";TZID=", ":", ";", '"', "\n ", "\n", "20261120T080000", "Z",
             "DTEND:", "DURATION:", "P1D", "ATTENDEE;CN=", "mailto:a@b", "SEQUENCE:", "9" * 30, "SUMMARY", "\\", "^n",
             "ORGANIZER", "VALUE=DATE", "ENCODING=BASE64", "RECURRENCE-ID", "-P", "0000", "RRULE:", "LOCATION:", ","]
        ),
    ),
    max_size=40,
).map("".join)  # fmt: skip


@given(_PIECES)
def test_anything_is_read(text: str) -> None:
    for found in (read_calendar(text), read_calendar(f"BEGIN:VEVENT\n{text}\nEND:VEVENT\n")):
        for each in found.events:
            (each.summary or "").encode("utf-8", "surrogatepass")
            assert "\n" not in (each.summary or "")
            assert all(person.name or person.email for person in each.attendees)


@pytest.mark.parametrize(
    "unit",
    ["BEGIN:VEVENT\n", "ATTENDEE;CN=a:mailto:a@b\n", "SUMMARY" + ';X="' * 400 + "\n", "\n ", "DTSTART;TZID=a:1\n",
     "X;" * 100 + "\n", "LOCATION:" + "\\n" * 1000 + "\n", "ATTENDEE;CN=" + "a," * 1000 + ":b\n", "END:X\n"],
)  # fmt: skip
def test_time_is_linear(unit: str) -> None:
    assert linear(lambda octets: read_calendar("BEGIN:VEVENT\n" + octets.decode()), unit.encode(), 65_536)
