"""Dates as they are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.message.date import parse_date, rfc3339

SAID = [
    ("Fri, 20 Nov 2026 09:13:58 +0100", "2026-11-20T09:13:58+01:00"),
    ("20 Nov 2026 09:13:58 +0100", "2026-11-20T09:13:58+01:00"),
    ("20 Nov 2026 09:13 +0100", "2026-11-20T09:13:00+01:00"),
    ("20 Nov 2026 09:13", "2026-11-20T09:13:00Z"),
    ("20 Nov 2026", "2026-11-20T00:00:00Z"),
    ("Fri, 20 Nov 26 09:13:58 GMT", "2026-11-20T09:13:58Z"),
    ("Fri, 20 Nov 97 09:13:58 EST", "1997-11-20T09:13:58-05:00"),
    ("Fri, 20 Nov 104 09:13:58 PDT", "2004-11-20T09:13:58-07:00"),
    ("Fri, 20 Nov 2026 09:13:58 -0000", "2026-11-20T09:13:58Z"),
    ("Fri, 20 Nov 2026 09:13:58 +0100 (CET)", "2026-11-20T09:13:58+01:00"),
    ("Fri, 20 Nov (a (nested) comment) 2026 09:13:58 UT", "2026-11-20T09:13:58Z"),
    ("Fri, 20 Nov 2026 09:13:60 +0000", "2026-11-20T09:13:59Z"),
    ("Fri,20 Nov 2026 09:13:58 +01:00", "2026-11-20T09:13:58+01:00"),
    ("Fri, 20 November 2026 9:13:58 +0530", "2026-11-20T09:13:58+05:30"),
    ("Fri Nov 20 09:13:58 2026", "2026-11-20T09:13:58Z"),
    ("Fri Nov 20 09:13:58 CET 2026", "2026-11-20T09:13:58+01:00"),
    ("20-Nov-2026 09:13:58 -0500", "2026-11-20T09:13:58-05:00"),
    ("Nov 20, 2026 9:13 PM", "2026-11-20T21:13:00Z"),
    ("Nov 20, 2026 12:13 AM", "2026-11-20T00:13:00Z"),
    ("2026-11-20T09:13:58Z", "2026-11-20T09:13:58Z"),
    ("2026-11-20T09:13:58.123+01:00", "2026-11-20T09:13:58+01:00"),
    ("2026-11-20 09:13:58 +0100", "2026-11-20T09:13:58+01:00"),
    ("Fri, 20 Nov 2026 09.13.58 +0100", "2026-11-20T09:13:58+01:00"),
    ("Fri, 20 Nov 2026 09:13:58 GMT+0200", "2026-11-20T09:13:58+02:00"),
    ("Fri, 20 Nov 2026 09:13:58 XYZZY", "2026-11-20T09:13:58Z"),
    ("Fri, 20 Nov 2026 09:13:58 +9999", "2026-11-20T09:13:58Z"),
    ("Fri,  20\r\n Nov\t2026 09:13:58 A", "2026-11-20T09:13:58Z"),
]


@pytest.mark.parametrize(("raw", "text"), SAID)
def test_says(raw: str, text: str) -> None:
    moment = parse_date(raw.encode())
    assert moment is not None
    assert rfc3339(moment) == text


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"junk",
        b"32 Nov 2026 09:13:58 +0000",
        b"20 Nov 2026 25:13:58",
        b"30 Feb 2026 00:00",
        b"20 Nov 0000 09:13",
        b"20 Nov 99999 09:13:58",
        b"20 Nov 9999 23:59:59 -1200",
        b"\xff\xfe",
        b"20 Nov",
        b"((((((((",
        b"20 Nov 1850",
        b"2026-13-01T00:00:00Z",
        b"0 Nov 2026",
        b"20 Nov 2026 1:2:3:4:5",
        b"\xd9\xa2\xd9\xa0 Nov 2026",
    ],
)
def test_is_no_date(raw: bytes) -> None:
    assert parse_date(raw) is None


def test_nothing_is_no_date() -> None:
    assert parse_date(None) is None


_WORDS = ["Fri,", "20", "Nov", "2026", "09:13:58", "+0100", "99", "-", "(", ")", "T", "2026-11-20", ":", ".", "pm", "Z"]


@given(
    st.one_of(st.binary(max_size=80), st.lists(st.sampled_from(_WORDS), max_size=9).map(lambda w: " ".join(w).encode()))
)
def test_anything_is_a_date_or_none(raw: bytes) -> None:
    moment = parse_date(raw)
    if moment is not None:
        moment.astimezone(UTC)
        assert datetime.fromisoformat(rfc3339(moment)) == moment


@given(
    st.integers(-2_208_988_800, 253_339_228_800),
    st.integers(-12 * 60, 14 * 60),
)
def test_what_is_written_is_read(seconds: int, minutes: int) -> None:
    moment = datetime(1970, 1, 2, tzinfo=UTC) + timedelta(seconds=seconds)
    sent = moment.astimezone(timezone(timedelta(minutes=minutes)))
    assert parse_date(sent.strftime("%a, %d %b %Y %H:%M:%S %z").encode()) == sent
