"""URLs in HTML mail: which may stay, which are remote, which name a part of the message itself."""

from __future__ import annotations

import re
from urllib.parse import unquote

MAX_URL = 8192  # characters of a link
MAX_DATA = 1_048_576  # characters of one ``data:`` image

_IGNORED = re.compile("[\x00-\x1f\x7f\ufeff]+")
_LINK = re.compile(r"(?:https?://[^/\\?#\s]|mailto:|tel:)", re.IGNORECASE)
_WEB = re.compile(r"https?://[^/\\?#\s]", re.IGNORECASE)
_REMOTE = re.compile(r"(?:[a-z][a-z0-9+.-]{0,31}:)?[/\\]{2}|(?:https?|ftps?|wss?|file|feed|rtsp):", re.IGNORECASE)
_IMAGE = re.compile(r"data:image/(?:png|gif|jpe?g|webp|bmp|avif|x-icon|vnd\.microsoft\.icon);base64,", re.IGNORECASE)
_BASE64 = re.compile(r"[A-Za-z0-9+/=]*")


def tidy(url: str) -> str:
    """Without the characters that browsers ignore in a URL, so that ``java\\nscript:`` is seen for what it is."""
    return _IGNORED.sub("", url).strip()


def is_remote(url: str) -> bool:
    """Whether loading it would ask another host. ``url`` is tidy."""
    return _REMOTE.match(url) is not None


def is_web(url: str) -> bool:
    """An absolute http or https URL with a host. ``url`` is tidy."""
    return len(url) <= MAX_URL and _WEB.match(url) is not None


def is_link(url: str) -> bool:
    """What an ``<a href>`` may hold: http, https, mailto, tel. ``url`` is tidy."""
    return len(url) <= MAX_URL and _LINK.match(url) is not None


def content_id_of(url: str) -> str | None:
    """The Content-ID that a ``cid:`` URL names (RFC 2392 section 2); None for any other URL. ``url`` is tidy."""
    if url[:4].lower() != "cid:" or len(url) > MAX_URL:
        return None
    return unquote(url[4:]).strip().strip("<>") or None


def data_image(url: str) -> str | None:
    """A ``data:`` URL of a raster image, canonical; None for anything else, SVG included. ``url`` is tidy."""
    match = _IMAGE.match(url)
    if match is None or len(url) > MAX_DATA:
        return None
    digits = url[match.end() :].replace(" ", "")
    return match[0].lower() + digits if _BASE64.fullmatch(digits) else None
