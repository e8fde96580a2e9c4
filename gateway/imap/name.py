"""Mailbox names: the octets a server uses, and what people see.

RFC 9051 section 5.1; modified UTF-7 is RFC 3501 section 5.1.3.
"""

from __future__ import annotations

import binascii
import re
import unicodedata

from msgspec import Struct
from msgspec.structs import force_setattr

from gateway.errors import InvalidRequest
from gateway.imap import limits

_SHIFT = re.compile(rb"&([A-Za-z0-9+,]*+)-")
_DIRECT = re.compile(r"[\x20-\x7e]++")
# What the base64 of a shift is made of, with the shift's own marks.
_SHIFT_OCTETS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,&-")


def decode_utf7(wire: bytes) -> str:
    """Modified UTF-7 to text. Raises ValueError where ``wire`` is not the one canonical encoding of a text."""
    if not wire.isascii():
        raise ValueError("8-bit octets in modified UTF-7")
    parts: list[str] = []
    at = 0
    for shift in _SHIFT.finditer(wire):
        parts += [wire[at : shift.start()].decode("ascii"), _decode_shift(shift[1])]
        at = shift.end()
    parts.append(wire[at:].decode("ascii"))
    text = "".join(parts)
    if encode_utf7(text) != wire:
        raise ValueError("not the canonical modified UTF-7")
    return text


def encode_utf7(text: str) -> bytes:
    """Text to modified UTF-7. Raises ValueError on a lone surrogate."""
    parts: list[bytes] = []
    at = 0
    for direct in _DIRECT.finditer(text):
        parts += [_encode_shift(text[at : direct.start()]), direct[0].replace("&", "&-").encode("ascii")]
        at = direct.end()
    parts.append(_encode_shift(text[at:]))
    return b"".join(parts)


def _decode_shift(base64: bytes) -> str:
    if not base64:
        return "&"
    padded = base64.replace(b",", b"/") + b"=" * (-len(base64) % 4)
    return binascii.a2b_base64(padded, strict_mode=True).decode("utf-16-be")


def _encode_shift(text: str) -> bytes:
    if not text:
        return b""
    base64 = binascii.b2a_base64(text.encode("utf-16-be"), newline=False)
    return b"&" + base64.rstrip(b"=").replace(b"/", b",") + b"-"


def _readable(wire: bytes) -> str:
    """For people only: the decoded name, else its octets as UTF-8 with replacements."""
    try:
        return decode_utf7(wire)
    except ValueError:
        return wire.decode("utf-8", "replace")


class MailboxName(Struct, frozen=True, order=True, gc=False):
    """A mailbox's name in the server's own octets (modified UTF-7, UTF-8, or anything it has).

    Equal octets are the same mailbox; INBOX in any case is INBOX (RFC 9051 section 5.1).
    """

    wire: bytes

    def __post_init__(self) -> None:
        if len(self.wire) == 5 and self.wire.upper() == b"INBOX":
            force_setattr(self, "wire", b"INBOX")

    @classmethod
    def from_text(cls, text: str, utf8: bool = False, *, field: str = "name") -> MailboxName:
        """The name for what a person typed; ``utf8``: the session has enabled UTF8=ACCEPT (RFC 6855 section 3).

        Raises InvalidRequest for an empty or long name and for characters no mailbox should have:
        controls, line and paragraph separators, lone surrogates.
        """
        if not text:
            raise InvalidRequest("a folder name can't be empty", field=field)
        if any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in text[: limits.MAX_NAME + 1]):
            raise InvalidRequest("a folder name can't hold control characters", field=field)
        normal = unicodedata.normalize("NFC", text[: limits.MAX_NAME + 1])
        wire = normal.encode("utf-8") if utf8 else encode_utf7(normal)
        if len(text) > limits.MAX_NAME or len(wire) > limits.MAX_NAME:
            raise InvalidRequest(f"a folder name is at most {limits.MAX_NAME} octets", field=field)
        return cls(wire)

    @property
    def text(self) -> str:
        """The whole name for people; never raises, and not a way back to the octets."""
        return _readable(self.wire)

    @property
    def is_inbox(self) -> bool:
        return self.wire == b"INBOX"

    def levels(self, delimiter: str | None) -> tuple[bytes, ...]:
        """The octets between the delimiters (RFC 9051 section 5.1.1); a delimiter inside a shift does not count."""
        if not delimiter:
            return (self.wire,)
        mark = delimiter.encode("utf-8", "replace")
        if mark[0] not in _SHIFT_OCTETS:
            return tuple(self.wire.split(mark))
        cuts = re.compile(_SHIFT.pattern + b"|(" + re.escape(mark) + b")")
        levels: list[bytes] = []
        at = 0
        for found in cuts.finditer(self.wire):
            if found[2] is not None:
                levels.append(self.wire[at : found.start()])
                at = found.end()
        return (*levels, self.wire[at:])

    def split(self, delimiter: str | None) -> tuple[str, ...]:
        """The levels for people, from the root down."""
        return tuple(_readable(level) for level in self.levels(delimiter))

    def parent(self, delimiter: str | None) -> MailboxName | None:
        """The mailbox above, or None at the root."""
        levels = self.levels(delimiter)
        if len(levels) < 2 or not delimiter:
            return None
        return MailboxName(delimiter.encode("utf-8", "replace").join(levels[:-1]))

    def child(self, text: str, delimiter: str | None, utf8: bool = False, *, field: str = "name") -> MailboxName:
        """The mailbox ``text`` below this one. Raises InvalidRequest where it holds the delimiter or none exists."""
        if not delimiter:
            raise InvalidRequest("the mail server has no folder hierarchy", field=field)
        if delimiter in text:
            raise InvalidRequest(f"a folder name can't hold {delimiter!r} on this server", field=field)
        below = MailboxName.from_text(text, utf8, field=field).wire
        wire = self.wire + delimiter.encode("utf-8", "replace") + below
        if len(wire) > limits.MAX_NAME:
            raise InvalidRequest(f"a folder name is at most {limits.MAX_NAME} octets with its parents", field=field)
        return MailboxName(wire)
