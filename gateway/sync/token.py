"""The outer form of every id, cursor and state: a kind byte and octets, as base64url without padding.

Tokens come back from clients, so they are parsed as hostile input: exactly one spelling of each value is accepted,
and whatever else is sent raises :class:`InvalidRequest` naming the field it came in.

The kind byte tells one sort of token from another and carries its version. All kinds are below 104, so that a token
starts with an upper-case letter and is never taken for a folder role such as ``inbox``.
"""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64
from enum import IntEnum

from gateway.errors import InvalidRequest

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Kind(IntEnum):
    """First octet of a token: what it is, and in which version of its form."""

    FOLDER = 0x04
    MESSAGE = 0x08
    CURSOR = 0x0C
    STATE = 0x10
    SEARCH = 0x14
    EXPORT = 0x18
    ACCOUNT = 0x1C
    ACCOUNT_EXPORT = 0x40


def write(kind: Kind, body: bytes) -> str:
    """The token of ``body`` (RFC 4648 section 5, without padding)."""
    return b2a_base64(bytes((kind,)) + body, newline=False).rstrip(b"=").translate(_TO_URL).decode("ascii")


def read(text: str, kind: Kind, *, cap: int, field: str) -> bytes:
    """The octets after the kind byte; InvalidRequest unless ``text`` is what :func:`write` makes of them.

    ``cap`` is the longest token that is looked at, in characters.
    """
    if not text or len(text) > cap or not text.isascii():
        raise malformed(field)
    raw = text.encode("ascii")
    if raw.translate(None, _ALPHABET) or len(raw) % 4 == 1:
        raise malformed(field)
    try:
        octets = a2b_base64(raw.translate(_FROM_URL) + b"=" * (-len(raw) % 4))
    except Error:
        raise malformed(field) from None
    if not octets or octets[0] != kind or write(kind, octets[1:]) != text:
        raise malformed(field)
    return octets[1:]


def malformed(field: str) -> InvalidRequest:
    """The one error for every token that is not ours; the token itself is not repeated, it names folders."""
    return InvalidRequest("not an id or token that this gateway gave out", field=field)
