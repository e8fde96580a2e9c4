"""Leaves of the grammar: a node to a number, a string, a date (RFC 9051 section 9)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from gateway.errors import ProtocolViolation
from gateway.imap import limits
from gateway.imap.name import MailboxName
from gateway.imap.tokenizer import Node

SHARED_OCTETS: Final = 4096
"""Capabilities of no more octets are kept, once for all connections that are told them."""

_DATE_TIME: Final = re.compile(
    rb" ?([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2})(?: ([+-][0-9]{4}))?"
)
_MONTHS: Final[Mapping[bytes, int]] = MappingProxyType(
    {
        spelled: number
        for number, name in enumerate(
            (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"), 1
        )
        for spelled in (name, name.title())
    }
)
_OBJECT_ID: Final = re.compile(rb"[!-~]{1,255}+")


def number(node: Node, high: int = limits.MAX_NUMBER) -> int:
    """0..``high``, leading zeros allowed. Raises ProtocolViolation."""
    if type(node) is bytes and node.isdigit() and len(node) <= 40:
        value = int(node)
        if value <= high:
            return value
    raise ProtocolViolation("not a number of the range that is allowed")


def nz_number(node: Node, high: int = limits.MAX_NUMBER) -> int:
    value = number(node, high)
    if value == 0:
        raise ProtocolViolation("0 where a number from 1 is required")
    return value


def string(node: Node) -> bytes:
    if type(node) is bytes:
        return node
    raise ProtocolViolation("not a string")


def nstring(node: Node) -> bytes | None:
    if node is None or type(node) is bytes:
        return node
    raise ProtocolViolation("neither a string nor NIL")


def items(node: Node) -> list[Node]:
    """A parenthesised list; NIL is the empty one."""
    if type(node) is list:
        return node
    if node is None:
        return []
    raise ProtocolViolation("not a parenthesised list")


def mailbox(node: Node) -> MailboxName:
    """An astring; a mailbox may well be called NIL."""
    return MailboxName(b"NIL" if node is None else string(node))


def word(node: Node) -> str:
    """A protocol word, in upper case."""
    return string(node).decode("ascii", "replace").upper()


def readable(octets: bytes) -> str:
    """Text for people, bounded; never raises."""
    return octets[: limits.MAX_TEXT].decode("utf-8", "replace")


def delimiter(node: Node) -> str | None:
    """A hierarchy delimiter: one character; NIL, or "", for a flat namespace."""
    octets = nstring(node)
    if not octets:
        return None
    text = octets.decode("utf-8", "replace")
    if len(text) != 1:
        raise ProtocolViolation("a hierarchy delimiter is one character")
    return text


def words(octets: bytes) -> frozenset[str]:
    """Words between spaces, in upper case; connections to one server share what it says so."""
    return _words(octets) if len(octets) <= SHARED_OCTETS else _words.__wrapped__(octets)


@lru_cache(maxsize=64)
def _words(octets: bytes) -> frozenset[str]:
    return frozenset(octets.decode("ascii", "replace").upper().split())


def flags(node: Node) -> tuple[bytes, ...]:
    return tuple([string(flag) for flag in items(node)])


def object_id(node: Node) -> str | None:
    """RFC 8474 section 7: an objectid in parentheses, or NIL; a bare one is taken too."""
    if type(node) is list and len(node) == 1:
        node = node[0]
    octets = nstring(node)
    if octets is None:
        return None
    if _OBJECT_ID.fullmatch(octets) is None:
        raise ProtocolViolation("not an object id")
    return octets.decode("ascii")


def date_time(node: Node) -> datetime:
    """``date-time``, also with an unpadded day, without a zone, or with one that no clock has (then UTC)."""
    match = _DATE_TIME.fullmatch(string(node))
    if match is None:
        raise ProtocolViolation("not a date and time")
    day, name, year, hour, minute, second, zone = match.groups()
    month = _MONTHS.get(name) or _MONTHS.get(name.lower())
    if month is None:
        raise ProtocolViolation("not a date and time")
    try:
        return datetime(int(year), month, int(day), int(hour), int(minute), min(int(second), 59), tzinfo=_zone(zone))
    except ValueError:
        raise ProtocolViolation("no such date or time") from None


@lru_cache(maxsize=128)
def _zone(written: bytes | None) -> timezone:
    """Of a sign and four digits."""
    if written is None:
        return UTC
    minutes = int(written[3:])
    offset = int(written[1:3]) * 60 + minutes
    if offset == 0 or offset >= 24 * 60 or minutes > 59:
        return UTC
    return timezone(timedelta(minutes=offset if written[:1] == b"+" else -offset))
