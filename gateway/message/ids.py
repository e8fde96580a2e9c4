"""Message-ID, In-Reply-To, References and Content-ID values (RFC 5322 section 3.6.4)."""

from __future__ import annotations

import re

MAX_OCTETS = 65_536  # of one header value
MAX_IDS = 1000  # of one header value; of longer threads the first and the last are kept

_USUAL = re.compile(rb"<([!-;=?-~]{1,998})>")  # one id and nothing else
_BRACKETED = re.compile(r"<([^<>]*+)>")
_BLANK = re.compile(r"[\x00-\x20\x7f-\x9f]++")
_LONGEST = 998  # RFC 5322 section 2.1.1: no line is longer, so no id is


def message_ids(raw: bytes | None) -> list[str]:
    """The ids without their angle brackets, in order. Lenient: no brackets, commas, junk between; never raises."""
    if not raw:
        return []
    usual = _USUAL.fullmatch(raw)
    if usual is not None:
        return [usual[1].decode("ascii")]
    text = _text(raw)
    found = [_BLANK.sub("", bare) for bare in _BRACKETED.findall(text)]
    if not found and "<" not in text:
        words = text.replace(",", " ").replace(";", " ").split()
        found = [_BLANK.sub("", word) for word in words if "@" in word]
    elif not found:
        found = [_BLANK.sub("", text.rpartition("<")[2])]  # the closing bracket was cut off
    ids = [one for one in found if one and len(one) <= _LONGEST]
    return ids if len(ids) <= MAX_IDS else [ids[0], *ids[1 - MAX_IDS :]]


def content_id(raw: bytes | None) -> str | None:
    """A Content-ID without its brackets (RFC 2392 section 2), as ``cid:`` links name it; None where there is none."""
    if not raw:
        return None
    ids = message_ids(raw)
    bare = ids[0] if ids else _BLANK.sub("", _text(raw)).strip("<>")
    return bare[:_LONGEST] or None


def _text(raw: bytes) -> str:
    raw = raw[:MAX_OCTETS]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")
