"""The Range header (RFC 9110 section 14.1.2): one range is served, several are answered with the whole."""

from __future__ import annotations

import re
from typing import Final

from gateway.errors import InvalidRequest
from gateway.mail.download import ByteRange

# range-spec = int-range / suffix-range ; int-range = first-pos "-" [ last-pos ] ; suffix-range = "-" suffix-length
_SPEC: Final = re.compile(r"([0-9]*)-([0-9]*)")
_UNIT: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_MAX_DIGITS: Final = 18
_MAX_SPECS: Final = 1000


def parse_range(text: str | None) -> ByteRange | None:
    """The one range asked for; None where there is none, or several, or the unit is not `bytes`.

    A range set that breaks the grammar is rejected (RFC 9110 section 14.2 allows that): InvalidRequest names `Range`.
    """
    if text is None:
        return None
    unit, equals, rest = text.strip(" \t").partition("=")
    if not equals or not _UNIT.fullmatch(unit):
        raise InvalidRequest("this is no range", field="Range")
    if unit.lower() != "bytes":
        return None
    specs = [spec for piece in rest.split(",") if (spec := piece.strip(" \t"))]
    if not specs or len(specs) > _MAX_SPECS:
        raise InvalidRequest("this is no range", field="Range")
    ranges = [_spec(spec) for spec in specs]
    return ranges[0] if len(ranges) == 1 else None


def _spec(text: str) -> ByteRange:
    found = _SPEC.fullmatch(text)
    if found is None or text == "-" or max(len(found[1]), len(found[2])) > _MAX_DIGITS:
        raise InvalidRequest("this is no range of octets", field="Range")
    first = int(found[1]) if found[1] else None
    last = int(found[2]) if found[2] else None
    if first is not None and last is not None and last < first:
        raise InvalidRequest("the range ends before it starts", field="Range")
    return ByteRange(first, last)
