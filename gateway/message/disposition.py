"""How a part is handed out: a file name that is safe, Content-Disposition, and the types that may show inline."""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import quote

from gateway.message.parameter import file_name
from gateway.message.part import PartLike

MAX_NAME = 150  # characters of a file name; 255 octets hold what they become in UTF-8, nearly always
_MAX_OCTETS = 240
_MAX_EXTENSION = 16

# Separators, controls, and the invisible characters that make "gpj.exe" read "exe.jpg".
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_SEPARATORS = re.compile(r'[/\\:*?"<>|]')
_BLANKS = re.compile(r"\s+")
_RESERVED = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{device}{number}" for device in ("com", "lpt") for number in (*range(10), "¹", "²", "³")]
)
_TOKEN = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}")
_QUOTABLE = re.compile(r"[^ !#$&'()+,\-.0-9;=@A-Z\[\]^_`a-z{}~]")

# Shown by browsers without running anything; whatever else is offered as a file.
INLINE_TYPES = frozenset(
    (
        "image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/avif", "image/x-icon",
        "text/plain", "audio/mpeg", "audio/ogg", "audio/wav", "audio/mp4", "audio/aac", "audio/flac", "audio/webm",
        "video/mp4", "video/webm", "video/ogg",
    )
)  # fmt: skip

# Types that a browser could run or render as a page of ours: never told as such.
_ACTIVE = frozenset(
    (
        "text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml", "text/javascript",
        "application/javascript", "application/ecmascript", "text/ecmascript", "text/vbscript", "text/xsl",
        "application/xslt+xml", "application/x-shockwave-flash", "text/css", "multipart/related",
        "message/rfc822", "application/mathml+xml", "text/mathml", "application/rss+xml", "application/atom+xml",
        "text/cache-manifest", "application/x-javascript", "text/jscript", "application/wasm", "application/hta",
    )
)  # fmt: skip
FALLBACK = "application/octet-stream"


def safe_file_name(name: str | None, *, fallback: str = "attachment") -> str:
    """A display name that names a file in no folder: no separators, controls, direction overrides, device names.

    Capped in length with the extension kept; never empty.
    """
    text = _UNSAFE.sub("", (name or "")[:4096])
    text = _BLANKS.sub(" ", _SEPARATORS.sub("_", text)).strip(" .")
    stem, dot, extension = text.rpartition(".")
    if not (dot and stem and extension.isalnum()) or len(extension) > _MAX_EXTENSION:
        stem, extension = text, ""
    tail = "." + extension if extension else ""
    stem = stem[: MAX_NAME - len(tail)]
    while stem and len(stem.encode()) + len(tail.encode()) > _MAX_OCTETS:
        stem = stem[:-1]
    stem = stem.strip(" .") or fallback
    if stem.partition(".")[0].strip().lower() in _RESERVED:
        stem = "_" + stem
    return stem + tail


def content_disposition(kind: Literal["attachment", "inline"], name: str | None) -> str:
    """The header value (RFC 6266 section 4.1): an ASCII ``filename``, and ``filename*`` where that loses anything."""
    if name is None:
        return kind
    safe = safe_file_name(name)
    plain = _QUOTABLE.sub("_", safe)
    value = f'{kind}; filename="{plain}"'
    if plain != safe:
        value += f"; filename*=UTF-8''{quote(safe, safe='')}"
    return value


def content_type(part: PartLike) -> str:
    """``type/subtype`` as the message says it, if it is well formed; else ``application/octet-stream``."""
    if not (_TOKEN.fullmatch(part.type) and _TOKEN.fullmatch(part.subtype)):
        return FALLBACK
    return f"{part.type}/{part.subtype}"


def served_type(part: PartLike) -> str:
    """The Content-Type that the part is served with: never one that a browser would run or render as a page.

    Text is served as UTF-8 only by who decodes it; here the message's own octets go out, so no charset is said
    unless the part names a known one.
    """
    said = content_type(part)
    if said in _ACTIVE or said.endswith(("+xml", "/xml")) or said.startswith(("multipart/", "message/")):
        return FALLBACK
    return said


def may_show_inline(part: PartLike) -> bool:
    """Whether the part may be served with ``inline``; the message's own disposition is left to the caller."""
    return content_type(part) in INLINE_TYPES


def is_tnef(part: PartLike) -> bool:
    """Whether it is Outlook's envelope of attachments (``winmail.dat``), which is not opened."""
    if part.type != "application":
        return False
    return part.subtype in ("ms-tnef", "vnd.ms-tnef") or (file_name(part) or "").lower() == "winmail.dat"
