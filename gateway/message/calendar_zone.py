"""Time zones by the names that calendars give them: of IANA, of Windows, or of the sender's own making."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from gateway.message.calendar_lines import Component

_NAME = re.compile(r"[A-Za-z0-9_+-]{1,40}(?:/[A-Za-z0-9_+-]{1,40}){0,2}")
_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})(?:[0-9]{2})?")


def defined_zones(zones: Sequence[Component]) -> Mapping[str, tzinfo]:
    """Zones that a calendar defines, as far as they have one offset only or say which IANA zone they are.

    Rules are not followed: they could be made to take as long as the sender likes.
    """
    found: dict[str, tzinfo] = {}
    for zone in zones:
        said = {line.name: line.value.strip() for line in zone.lines}
        offsets = {line.value.strip() for line in zone.lines if line.name == "TZOFFSETTO"}
        name = said.get("TZID", "")
        known = named_zone(said.get("X-LIC-LOCATION", ""))
        if known is None and len(offsets) == 1:
            known = _fixed(offsets.pop())
        if name and known is not None:
            found[name] = known
    return found


def named_zone(name: str) -> tzinfo | None:
    """Of IANA's or of Windows' name; also where a vendor's path stands before it. Never raises."""
    name = name.strip().strip('"')
    name = WINDOWS_TO_OLSON.get(name, name)
    parts = name.split("/")
    for start in range(max(0, len(parts) - 3), len(parts)):
        tail = "/".join(parts[start:])
        if _NAME.fullmatch(tail) and (found := _zone(tail)) is not None:
            return found
    return None


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):  # not a zone's file, no such zone, a folder of zones
        return None


def _fixed(text: str) -> tzinfo | None:
    match = _OFFSET.fullmatch(text)
    if match is None or int(match[2]) > 23 or int(match[3]) > 59:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-offset if match[1] == "-" else offset)
