"""What the usual responses are written with: quoted strings and NIL (RFC 9051 section 9, ``nstring``)."""

from __future__ import annotations

import re
from typing import Final

from gateway.imap.framer import Frame

QUOTED: Final = rb'"(?:[^"\\]++|\\[\x00-\xff])*+"'
NSTRING: Final = rb"(?:NIL|" + QUOTED + rb")"
_FLAGS: Final = re.compile(rb'FLAGS \([^()"]*+\)')
_ESCAPE: Final = re.compile(rb"\\(.)", re.DOTALL)


def unquoted(written: bytes) -> bytes | None:
    """The octets of an ``nstring``."""
    if written == b"NIL":
        return None
    return written[1:-1] if b"\\" not in written else _ESCAPE.sub(rb"\1", written[1:-1])


def text_of(frame: Frame, longest: int) -> bytes | None:
    """A response as one text, its literals written as quoted strings; None where it is longer, or not sound."""
    if len(frame) == 1:
        only = frame[0]
        return only if isinstance(only, bytes) and len(only) <= longest else None
    pieces: list[bytes] = []
    room = longest
    for index, piece in enumerate(frame):
        if not isinstance(piece, bytes) or (room := room - len(piece)) < 0:
            return None
        if not index & 1:
            if piece.count(b'"') & 1 or b"\\" in _FLAGS.sub(b"", piece):
                return None  # a string may have been left open, and a literal is no part of it
            pieces.append(piece)
        elif b'"' in piece or b"\\" in piece:
            pieces.append(b'"' + piece.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"')
        else:
            pieces.append(b'"' + piece + b'"')
    return b"".join(pieces)
