"""``style`` attributes down to properties that only dress text: no URL, no position, no function but colours."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_STYLE = 8192  # characters of one attribute
MAX_DECLARATIONS = 100
_MAX_VALUE = 300

_SIDES = ("top", "right", "bottom", "left")
PROPERTIES = frozenset(
    [
        "color", "background", "background-color", "width", "height", "min-width", "min-height", "max-width",
        "max-height", "font", "font-family", "font-size", "font-style", "font-weight", "font-variant", "line-height",
        "letter-spacing", "word-spacing", "text-align", "text-decoration", "text-decoration-color",
        "text-decoration-line", "text-indent", "text-transform", "vertical-align", "white-space", "word-break",
        "word-wrap", "overflow-wrap", "hyphens", "direction", "unicode-bidi", "display", "float", "clear",
        "list-style", "list-style-type", "list-style-position", "table-layout", "caption-side", "empty-cells",
        "border", "border-collapse", "border-spacing", "border-width", "border-style", "border-color",
        "border-radius", "margin", "padding", "visibility", "opacity", "overflow", "box-sizing", "tab-size",
    ]
    + [f"{box}-{side}" for box in ("margin", "padding", "border") for side in _SIDES]
    + [f"border-{side}-{what}" for side in _SIDES for what in ("width", "style", "color")]
    + [f"border-{row}-{side}-radius" for row in ("top", "bottom") for side in ("left", "right")]
)  # fmt: skip

_VALUE = re.compile(r"[\w #%.,'\"()+/!*\t\n\r-]{1,300}")
_COLOUR = re.compile(r"\b(?:rgb|hsl)a?\([0-9a-z.,% /+-]{1,64}\)", re.IGNORECASE)
_REMOTE = re.compile(r"url|image|//|src\b|import", re.IGNORECASE)


class Style(NamedTuple):
    """The declarations kept, and how many that were dropped refer to something outside."""

    text: str
    remote: int


def filter_style(written: str) -> Style:
    """Keep the declarations that are safe. Escapes, comments, at-rules and braces cost the whole declaration."""
    kept: list[str] = []
    remote = 0
    for declaration in written[:MAX_STYLE].split(";", MAX_DECLARATIONS)[:MAX_DECLARATIONS]:
        name, colon, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip()
        if colon and name in PROPERTIES and _is_safe(value):
            kept.append(f"{name}:{value}")
        elif colon and _REMOTE.search(value):
            remote += 1
    return Style(";".join(kept), remote)


def _is_safe(value: str) -> bool:
    if not _VALUE.fullmatch(value) or "/*" in value or "//" in value:
        return False
    if value.count('"') % 2 or value.count("'") % 2:
        return False
    if "(" in value or ")" in value:
        rest = _COLOUR.sub("", value)
        return "(" not in rest and ")" not in rest
    return True
