"""Comparing the URL that a proof was made for with the one that was called (RFC 9449 section 4.3, check 9)."""

from __future__ import annotations

import re

from gateway.settings.url import split_url

URL_MAX = 8192

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PORTS = (("http", 80), ("https", 443))


def normal(url: str) -> str | None:
    """The URL without query and fragment, in the one spelling of RFC 3986 sections 6.2.2 and 6.2.3; None: it is none.

    Scheme and host in lower case, no default port, escapes in upper case and only where needed, no dot segments.
    """
    if len(url) > URL_MAX or not url.isascii():
        return None
    parts = split_url(url)
    if parts is None or parts.scheme not in ("http", "https") or re.search(r"%(?![0-9A-Fa-f]{2})", parts.path):
        return None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port is None or (parts.scheme, parts.port) in _PORTS else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{_without_dots(_ESCAPE.sub(_spelled, parts.path or '/'))}"


def _spelled(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if character in _UNRESERVED else escape[0].upper()


def _without_dots(path: str) -> str:
    """RFC 3986 section 5.2.4. Empty segments stay: they are part of a name."""
    if not any(segment in (".", "..") for segment in path.split("/")):
        return path
    kept: list[str] = []
    segments = path.split("/")[1:]
    for number, segment in enumerate(segments):
        last = number == len(segments) - 1
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
        if last and segment in (".", ".."):
            kept.append("")
    return "/" + "/".join(kept)
