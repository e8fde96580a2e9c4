"""The names of sections in FETCH responses (RFC 9051 section 9: ``section``; RFC 3516 section 4.3)."""

from __future__ import annotations

import re
from typing import Final

from gateway.errors import ProtocolViolation
from gateway.imap import limits
from gateway.imap.response import SectionKey
from gateway.imap.tokenizer import unquote

_SECTION: Final = re.compile(
    rb"(BODY|BINARY)\[([0-9.]*+)(HEADER\.FIELDS\.NOT|HEADER\.FIELDS|HEADER|TEXT|MIME)?+ *+"
    rb"(?:\(([^()]*+)\))?+\](?:<([0-9]{1,10})>)?+",
    re.IGNORECASE,
)
_PART: Final = re.compile(rb"(?:[1-9][0-9]{0,9}+(?:\.[1-9][0-9]{0,9}+){0,99}+)?+")
_FIELD: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[^ "]++')


def section_key(token: bytes) -> SectionKey:
    """``BODY[1.2.HEADER.FIELDS (To)]<0>`` to its key. Raises ProtocolViolation."""
    match = _SECTION.fullmatch(token)
    if match is None:
        raise ProtocolViolation("not a section of a message")
    kind, part, text, fields, origin = match.groups()
    part = part.removesuffix(b".") if text is not None else part
    if _PART.fullmatch(part) is None or (fields is not None and text is None):
        raise ProtocolViolation("not a part of a message")
    names = {(unquote(name) if name[:1] == b'"' else name).upper() for name in _FIELD.findall(fields or b"")}
    first = int(origin) if origin is not None else None
    if first is not None and first > limits.MAX_NUMBER:
        raise ProtocolViolation("a section starts beyond any message")
    return SectionKey(
        part.decode("ascii"),
        (text or b"").decode("ascii").upper(),
        tuple(sorted(names)),
        first,
        kind[:2].upper() == b"BI",
    )


def binary_size_part(token: bytes) -> str:
    """The part of ``BINARY.SIZE[1.2]``. Raises ProtocolViolation."""
    part = token[len(b"BINARY.SIZE[") : -1]
    if not token.endswith(b"]") or _PART.fullmatch(part) is None:
        raise ProtocolViolation("not a part of a message")
    return part.decode("ascii")
