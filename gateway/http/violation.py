"""Turns a validation error of msgspec into ours, naming the field in dotted form (`filter.from`, `ids[3]`)."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from gateway.errors import InvalidRequest

_AT: Final = re.compile(r" - at `(?:key in )?\$\.?([^`]*)`$")
_NAMED: Final = re.compile(r"^Object (?:contains unknown|missing required) field `([^`]*)`")
_MAX_SHOWN: Final = 200


def invalid(error: msgspec.ValidationError, whole: str) -> InvalidRequest:
    """``whole`` is the field's name where the error is about the value as a whole."""
    text = str(error)
    at = _AT.search(text)
    path = at[1] if at else ""
    named = _NAMED.match(text)
    if named:
        path = f"{path}.{named[1]}" if path else named[1]
    detail = text[: at.start()] if at else text
    return InvalidRequest(detail[:_MAX_SHOWN].replace("`", "'"), field=path[:_MAX_SHOWN] or whole)
