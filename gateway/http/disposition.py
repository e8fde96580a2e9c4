"""The Content-Disposition and Content-Type headers of a download, from values that a stranger chose."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from gateway.message.disposition import safe_file_name

_FALLBACK: Final = "download"
_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,127}"
_QUOTED: Final = r'"[\x20\x21\x23-\x5b\x5d-\x7e]{0,200}"'
_TYPE: Final = re.compile(rf"{_WORD}/{_WORD}(?:; ?{_WORD}=(?:{_WORD}|{_QUOTED})){{0,8}}")
_ATTR_CHAR: Final = "!#$&+-.^_`|~"
"""What RFC 8187 section 3.2.1 lets stand for itself beside letters and digits."""


def disposition(filename: str | None, *, inline: bool) -> str:
    """RFC 6266 section 4: an ASCII ``filename`` for all, and ``filename*`` where that is not the whole name."""
    kind = "inline" if inline else "attachment"
    if not filename:
        return kind
    name = _safe(filename)
    plain = "".join(c if " " <= c <= "~" and c not in '"\\%' else "_" for c in name)
    header = f'{kind}; filename="{plain}"'
    if plain != name:
        header += f"; filename*=UTF-8''{quote(name, safe=_ATTR_CHAR)}"
    return header


def media_type(text: str) -> str:
    """The type as it may stand in a header; what is malformed is of no known type."""
    return text if _TYPE.fullmatch(text) else "application/octet-stream"


def _safe(filename: str) -> str:
    """The last level of a path, as a name that any system may save under."""
    return safe_file_name(re.split(r"[/\\]", filename)[-1], fallback=_FALLBACK)
