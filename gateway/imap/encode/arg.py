"""One function for each type of argument; nothing reaches a command line any other way.

RFC 9051 section 9: ``astring``, ``quoted``, ``literal``, ``mailbox``, ``flag-list``, ``date``, ``date-time``.
What can't be said (NUL anywhere) raises InvalidRequest naming the field.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

from msgspec import Struct

from gateway.errors import InvalidRequest
from gateway.imap import limits
from gateway.imap.flags import check_flag
from gateway.imap.name import MailboxName
from gateway.imap.uids import SequenceSet, UidSet


class Literal(Struct, frozen=True):
    """Octets sent by length. ``binary``: as literal8 (RFC 3516 section 4.4), the only way to send NUL."""

    data: bytes
    binary: bool = False

    @property
    def size(self) -> int:
        return len(self.data)


class StreamLiteral(Struct, frozen=True):
    """``size`` octets to be read from ``source`` while they are sent."""

    size: int
    source: AsyncIterable[bytes]
    binary: bool = False


Piece = bytes | Literal | StreamLiteral


class Arg(Struct, frozen=True):
    """An encoded argument: made by the functions of this package, put between spaces by ``command``."""

    pieces: tuple[Piece, ...]


# Built-in month names: strftime's depend on the locale.
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_QUOTABLE: Final = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x7f]*+")
_WILDCARD: Final = re.compile(rb"[*%]")
# Quoted strings longer than this go as literals: some servers bound the line, none bounds a literal as low.
_LONG: Final = 1000


def word(octets: bytes) -> Arg:
    """Octets this package itself has put together from whitelisted words. Never for anything a user chose."""
    return Arg((octets,))


def string(octets: bytes, *, field: str, limit: int = limits.MAX_STRING) -> Arg:
    """Quoted where RFC 9051 section 4.3 allows it, else a literal. Raises InvalidRequest on NUL and over ``limit``."""
    if len(octets) > limit:
        raise InvalidRequest(f"at most {limit} octets", field=field)
    if b"\0" in octets:
        raise InvalidRequest("a NUL character can't be sent", field=field)
    if len(octets) > _LONG or _QUOTABLE.fullmatch(octets) is None:
        return Arg((Literal(octets),))
    return Arg((b'"' + octets.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"',))


def text(value: str, *, field: str, limit: int = limits.MAX_STRING) -> Arg:
    """A string in UTF-8: quoted where it is ASCII, else a literal."""
    try:
        return string(value.encode("utf-8"), field=field, limit=limit)
    except UnicodeEncodeError:
        raise InvalidRequest("a lone surrogate is no character", field=field) from None


def mailbox(name: MailboxName, *, field: str = "folder") -> Arg:
    """A mailbox name, octet for octet as the server spells it."""
    return string(name.wire, field=field, limit=8 * limits.MAX_NAME)


class ListPattern(Struct, frozen=True):
    """What LIST compares names with (RFC 9051 section 6.3.9); the class methods are the only sources of wildcards."""

    wire: bytes

    @classmethod
    def all(cls) -> ListPattern:
        return cls(b"*")

    @classmethod
    def top(cls) -> ListPattern:
        """The first level only."""
        return cls(b"%")

    @classmethod
    def exact(cls, name: MailboxName, *, field: str = "folder") -> ListPattern:
        """This name only. Raises InvalidRequest where it holds a wildcard, for which IMAP has no escape."""
        if _WILDCARD.search(name.wire) is not None:
            raise InvalidRequest("a folder name with * or % can't be asked for by itself", field=field)
        return cls(name.wire)

    @classmethod
    def covering(cls, name: MailboxName) -> ListPattern:
        """This name, and where it holds a wildcard others too: compare the answers with the name."""
        return cls(name.wire)

    @classmethod
    def below(cls, name: MailboxName, delimiter: str) -> ListPattern:
        """All descendants of ``name``, and where it holds a wildcard others too."""
        return cls(name.wire + delimiter.encode("utf-8", "replace") + b"*")


def pattern(value: ListPattern, *, field: str = "folder") -> Arg:
    return string(value.wire, field=field, limit=8 * limits.MAX_NAME)


def number(value: int, *, field: str = "number", low: int = 0, high: int = limits.MAX_NUMBER64) -> Arg:
    """Raises InvalidRequest outside ``low``..``high``."""
    if not low <= value <= high:
        raise InvalidRequest(f"a number from {low} to {high}", field=field)
    return word(b"%d" % value)


def uid_set(uids: UidSet, *, field: str = "messages") -> Arg:
    """Raises InvalidRequest where empty: there is no way to write the empty set."""
    return _set(str(uids), field)


def sequence_set(numbers: SequenceSet, *, field: str = "messages") -> Arg:
    return _set(str(numbers), field)


def _set(wire: str, field: str) -> Arg:
    if not wire:
        raise InvalidRequest("no message at all", field=field)
    return word(wire.encode("ascii"))


def day(value: date) -> Arg:
    """``date`` of RFC 9051 section 9: d-Mon-yyyy."""
    return word(b"%d-%s-%04d" % (value.day, _MONTHS[value.month - 1].encode(), value.year))


def date_time(value: datetime, *, field: str = "receivedAt") -> Arg:
    """``date-time`` of RFC 9051 section 9, in the value's own zone where it is of whole minutes. Must be aware."""
    offset = value.utcoffset()
    if offset is None:
        raise InvalidRequest("a date and time needs a zone", field=field)
    if offset.microseconds or offset.seconds % 60:
        value, offset = value.astimezone(UTC), UTC.utcoffset(None)
    minutes = int(offset.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    zone = f"{sign}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"
    month = _MONTHS[value.month - 1]
    return word(f'"{value.day:2d}-{month}-{value.year:04d} {value:%H:%M:%S} {zone}"'.encode("ascii"))


def flag_list(flags: Iterable[bytes], *, field: str = "flags") -> Arg:
    r"""Parenthesised flags; each must be one a client may set (``flags.check_flag``)."""
    checked = list(dict.fromkeys(check_flag(flag, field=field) for flag in flags))
    if len(checked) > limits.MAX_FLAGS:
        raise InvalidRequest(f"at most {limits.MAX_FLAGS} flags", field=field)
    return word(b"(" + b" ".join(checked) + b")")


# RFC 9051 section 6.3.11, RFC 7162 section 3.1.7, RFC 8474 section 4.3, RFC 7889 and RFC 9208 section 4.1.4.
STATUS_ITEMS: Final = frozenset(
    {
        "MESSAGES",
        "UIDNEXT",
        "UIDVALIDITY",
        "UNSEEN",
        "DELETED",
        "SIZE",
        "RECENT",
        "HIGHESTMODSEQ",
        "MAILBOXID",
        "APPENDLIMIT",
        "DELETED-STORAGE",
    }
)


def status_items(names: Sequence[str]) -> Arg:
    """Raises InvalidRequest for a name that is none of ``STATUS_ITEMS``, or none at all."""
    if not names or not STATUS_ITEMS.issuperset(names):
        raise InvalidRequest("not a status item", field="status")
    return word(b"(" + " ".join(dict.fromkeys(names)).encode("ascii") + b")")


def group(args: Sequence[Arg]) -> Arg:
    """The arguments in parentheses."""
    return Arg((b"(", *joined(args), b")"))


def joined(args: Sequence[Arg]) -> tuple[Piece, ...]:
    """The arguments' pieces with spaces between them."""
    pieces: list[Piece] = []
    for arg in args:
        if pieces:
            pieces.append(b" ")
        pieces += arg.pieces
    return tuple(pieces)


def id_fields(fields: Mapping[str, str] | None) -> Arg:
    """RFC 2971 section 3.1: at most 30 pairs; names of 30 and values of 1,024 octets at most. None: NIL."""
    if not fields:
        return word(b"NIL")
    args: list[Arg] = []
    for name, value in list(fields.items())[:30]:
        args += [text(name, field="id", limit=30), text(value, field="id", limit=1024)]
    return group(args)
