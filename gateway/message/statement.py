"""Structured header values cut at their semicolons, comments taken out: what several fields have in common.

Comments may be nested (RFC 5322 section 3.2.2); one that never ends is taken for text. Quoted strings stay as they are.
"""

from __future__ import annotations

import re

MAX_OCTETS = 65_536  # of one value
MAX_STATEMENTS = 500  # of one value

_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|\\.|[();"\\]|[^();"\\]++', re.DOTALL)
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_BLANKS = re.compile(rb"[ \t\r\n\0]++")


def statements(value: bytes) -> list[bytes]:
    """What stands between the semicolons, on one line, without comments, empty ones left out. Never raises."""
    value = value[:MAX_OCTETS]
    found, open_ = _cut(value, comments=True)
    if open_:
        found, _ = _cut(value, comments=False)
    tidy = (_BLANKS.sub(b" ", piece).strip() for piece in found)
    return [piece for piece in tidy if piece][:MAX_STATEMENTS]


def unquoted(value: bytes) -> bytes:
    """A quoted-string's content; anything else as it is."""
    if len(value) > 1 and value[:1] == value[-1:] == b'"':
        return _ESCAPE.sub(rb"\1", value[1:-1])
    return value


def _cut(value: bytes, *, comments: bool) -> tuple[list[bytes], bool]:
    """The pieces, and whether a comment was still open at the end."""
    pieces: list[list[bytes]] = [[]]
    depth = 0
    for match in _TOKEN.finditer(value):
        token = match[0]
        if token == b"(" and comments:
            depth += 1
            pieces[-1].append(b" ")
        elif token == b")" and depth:
            depth -= 1
        elif depth:
            continue
        elif token == b";":
            pieces.append([])
        else:
            pieces[-1].append(token)
    return [b"".join(piece) for piece in pieces], depth > 0
