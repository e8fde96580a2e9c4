"""Dates of mail headers, as RFC 5322 section 3.3 has them and as they really are."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

MAX_OCTETS = 256  # of a date header; what is beyond can't be a date
_MAX_TOKENS = 16

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_SPELLED = {name.title().encode("ascii"): number for name, number in _MONTHS.items()}
# What nearly all mail says; the rest takes the long way.
_USUAL = re.compile(
    rb"(?:[A-Za-z]{3}, ?)?([0-9]{1,2}) ([A-Za-z]{3}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2})"
    rb" ([+-][0-9]{4})(?: \([A-Za-z]{1,6}\))?"
)
_WEEKDAYS = frozenset(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))

# RFC 5322 section 4.3 obs-zone, and names seen in mail. Minutes east of UTC.
_ZONES = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "est": -300, "edt": -240, "cst": -360, "cdt": -300,
    "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600, "ast": -240,
    "adt": -180, "nst": -210, "ndt": -150, "bst": 60, "west": 60, "cet": 60, "met": 60, "mez": 60, "cest": 120,
    "mest": 120, "mesz": 120, "eet": 120, "sast": 120, "eest": 180, "msk": 180, "msd": 240, "jst": 540,
    "kst": 540, "hkt": 480, "awst": 480, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
}  # fmt: skip


def parse_date(raw: bytes | None) -> datetime | None:
    """An aware datetime in the sender's zone, or None where the value is no date. Never raises.

    No zone, ``-0000`` and unknown zone names are taken as UTC; a leap second is the second before it.
    """
    if not raw:
        return None
    usual = _USUAL.fullmatch(raw)
    if usual is not None and (month := _SPELLED.get(usual[2]) or _MONTHS.get(usual[2].decode("ascii").lower())):
        return _usual(usual, month)
    text = raw[:MAX_OCTETS].decode("ascii", "replace")
    tokens = _without_comments(text).replace(",", " ").split()[:_MAX_TOKENS]
    if len(tokens) == 1 or (tokens and len(tokens[0]) >= 8 and tokens[0][:4].isdecimal()):
        return _iso(tokens)
    return _assemble(_split_hyphens(tokens))


def rfc3339(moment: datetime) -> str:
    """RFC 3339 with whole seconds; UTC is written ``Z``."""
    text = (moment.replace(microsecond=0) if moment.microsecond else moment).isoformat()
    if text[19:] == "+00:00":
        return text[:19] + "Z"
    if not moment.tzinfo:
        text += "Z"
    return text if len(text) <= 25 else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _usual(match: re.Match[bytes], month: int) -> datetime | None:
    day, _, year_text, hour, minute, second, zone = match.groups()
    year = int(year_text)
    if not 1900 <= year <= 9998:  # as below
        return None
    try:
        return datetime(year, month, int(day), int(hour), int(minute), min(int(second), 59), tzinfo=_usual_zone(zone))
    except ValueError:
        return None


@lru_cache(maxsize=128)
def _usual_zone(written: bytes) -> timezone:
    """Of a sign and four digits."""
    hours, minutes = int(written[1:3]), int(written[3:])
    if hours > 23 or minutes > 59:
        return UTC
    offset = hours * 60 + minutes
    return _east(-offset if written[:1] == b"-" else offset)


def _east(minutes: int) -> timezone:
    return timezone(timedelta(minutes=minutes)) if minutes else UTC


def _without_comments(text: str) -> str:
    if "(" not in text:
        return text
    out: list[str] = []
    depth = 0
    for character in text:
        if character == "(":
            depth += 1
            out.append(" ")
        elif character == ")" and depth:
            depth -= 1
        elif not depth:
            out.append(character)
    return "".join(out)


def _iso(tokens: list[str]) -> datetime | None:
    """``2020-01-02T03:04:05+01:00``, ``2020-01-02 03:04:05 +0100``, ``2020/01/02 03:04``."""
    day, mark, rest = tokens[0].replace("/", "-").upper().partition("T")
    numbers = day.split("-")
    if len(numbers) != 3 or not all(_digits(number) for number in numbers):
        return None
    tail = [rest] if mark and rest else []
    tail += tokens[1:]
    clock, zone = "00:00", ""
    if tail:
        clock, zone = _split_zone(tail[0])
        if not zone and len(tail) > 1:
            zone = tail[1]
    return _moment(numbers[0], int(numbers[1]), numbers[2], clock, zone, "")


def _split_zone(clock: str) -> tuple[str, str]:
    if clock.endswith("Z"):
        return clock[:-1], "Z"
    for sign in "+-":
        head, mark, zone = clock.partition(sign)
        if mark:
            return head, mark + zone.replace(":", "")
    return clock, ""


def _split_hyphens(tokens: list[str]) -> list[str]:
    """``2-Jan-2020`` as three tokens; a zone such as ``-0500`` stays whole."""
    out: list[str] = []
    for token in tokens:
        pieces = token.split("-")
        if len(pieces) == 3 and pieces[1][:3].lower() in _MONTHS:
            out += pieces
        else:
            out.append(token)
    return out


def _assemble(tokens: list[str]) -> datetime | None:
    day = month = year = clock = None
    zone = half = ""
    for token in tokens:
        low = token.lower().rstrip(".")
        if month is None and low[:3] in _MONTHS and low.isalpha():
            month = _MONTHS[low[:3]]
        elif clock is None and (":" in token or (token.count(".") == 2 and day is not None)):
            clock, zone = _split_zone(token)
        elif _digits(token):
            if day is None and len(token) <= 2:
                day = token
            elif year is None:
                year = token
        elif low in ("am", "pm") and not half:
            half = low
        elif clock is not None and not zone and low[:3] not in _WEEKDAYS:
            zone = token
    if day is None or month is None or year is None:
        return None
    return _moment(year, month, day, clock or "00:00", zone, half)


def _moment(year: str, month: int, day: str, clock: str, zone: str, half: str) -> datetime | None:
    fields = clock.replace(".", ":", 2).split(":")
    if not 2 <= len(fields) <= 4 or len(year) > 4:
        return None
    fields[-1] = fields[-1].partition(".")[0] or "0"
    if not all(_digits(field) and len(field) <= 2 for field in fields[:3]):
        return None
    hour, minute, second = (*(int(field) for field in fields[:3]), 0)[:3]
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        return datetime(_year(year), month, int(day), hour, minute, min(second, 59), tzinfo=_zone(zone))
    except (ValueError, OverflowError):
        return None


def _year(text: str) -> int:
    """RFC 5322 section 4.3: two digits up to 49 are of this century, else of the last; three digits count from 1900."""
    year = int(text)
    if len(text) == 2:
        return year + (2000 if year < 50 else 1900)
    year = year + 1900 if len(text) == 3 else year
    if not 1900 <= year <= 9998:  # room for any zone on either side
        raise ValueError("year")
    return year


def _zone(text: str) -> timezone:
    low = text.lower().strip('".')
    for prefix in ("gmt", "utc"):
        if low.startswith((prefix + "+", prefix + "-")):
            low = low[3:]
    if low[:1] in ("+", "-"):
        digits = low[1:].replace(":", "")
        if not _digits(digits) or len(digits) > 4:
            return UTC
        hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
        if hours > 23 or minutes > 59:
            return UTC
        offset = timedelta(hours=hours, minutes=minutes)
        return timezone(offset if low[0] == "+" else -offset) if offset else UTC
    return _east(_ZONES.get(low, 0))


def _digits(text: str) -> bool:
    return text.isascii() and text.isdecimal()
