"""What SEARCH can be asked for: a tree of closed types (RFC 9051 section 6.4.4), written iteratively."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from enum import Enum
from typing import Final, Literal

from msgspec import Struct

from gateway.errors import InvalidRequest
from gateway.imap import limits
from gateway.imap.encode.arg import Arg, Piece, day, number, sequence_set, string, text, uid_set, word
from gateway.imap.flags import check_flag
from gateway.imap.uids import SequenceSet, UidSet


class Plain(Enum):
    """Keys without arguments; the value is the word on the wire."""

    ALL = b"ALL"
    ANSWERED = b"ANSWERED"
    DELETED = b"DELETED"
    DRAFT = b"DRAFT"
    FLAGGED = b"FLAGGED"
    SEEN = b"SEEN"
    UNANSWERED = b"UNANSWERED"
    UNDELETED = b"UNDELETED"
    UNDRAFT = b"UNDRAFT"
    UNFLAGGED = b"UNFLAGGED"
    UNSEEN = b"UNSEEN"


class And(Struct, frozen=True):
    """All of ``keys``; of none: every message."""

    keys: tuple[SearchKey, ...]


class Or(Struct, frozen=True):
    """Any of ``keys``; must not be empty."""

    keys: tuple[SearchKey, ...]


class Not(Struct, frozen=True):
    key: SearchKey


Searched = Literal["FROM", "TO", "CC", "BCC", "SUBJECT", "TEXT", "BODY"]


class Match(Struct, frozen=True):
    """Contains ``value``, in any case. TEXT is header and body, BODY the body only."""

    where: Searched
    value: str


class Header(Struct, frozen=True):
    """Has the header field ``name``, containing ``value`` ("" for any)."""

    name: str
    value: str


class Dated(Struct, frozen=True):
    """By date without time or zone: INTERNALDATE, or the Date field (SENT...), or RFC 8514's (SAVED...)."""

    how: Literal["SINCE", "BEFORE", "ON", "SENTSINCE", "SENTBEFORE", "SENTON", "SAVEDSINCE", "SAVEDBEFORE", "SAVEDON"]
    day: date


class Flagged(Struct, frozen=True):
    """Has (``present``) or lacks a flag or keyword."""

    flag: bytes
    present: bool = True


class Sized(Struct, frozen=True):
    """Larger or smaller than ``octets`` (RFC822.SIZE)."""

    how: Literal["LARGER", "SMALLER"]
    octets: int


class UidIn(Struct, frozen=True):
    uids: UidSet


class SeqIn(Struct, frozen=True):
    numbers: SequenceSet


class ModSeq(Struct, frozen=True):
    """Changed at ``value`` or later (RFC 7162 section 3.1.5)."""

    value: int


class ObjectIs(Struct, frozen=True):
    """RFC 8474 section 6; X-GM-THRID is Gmail's own, whose ids are decimal numbers."""

    kind: Literal["EMAILID", "THREADID", "X-GM-THRID"]
    id: str


class Fuzzy(Struct, frozen=True):
    """Matched as the server sees fit (RFC 6203 section 3); only where it offers SEARCH=FUZZY."""

    key: SearchKey


_Set = UidIn | SeqIn | ModSeq | ObjectIs
SearchKey = And | Or | Not | Fuzzy | Plain | Match | Header | Dated | Flagged | Sized | _Set
ReturnOption = Literal["MIN", "MAX", "COUNT", "ALL"]

_SYSTEM: Final = {
    b"\\seen": (b"SEEN", b"UNSEEN"),
    b"\\answered": (b"ANSWERED", b"UNANSWERED"),
    b"\\flagged": (b"FLAGGED", b"UNFLAGGED"),
    b"\\deleted": (b"DELETED", b"UNDELETED"),
    b"\\draft": (b"DRAFT", b"UNDRAFT"),
}
_FIELD_NAME: Final = re.compile(r"[!-9;-~]{1,200}+")
_OBJECT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}+")
_OPEN: Final = word(b"(")
_CLOSE: Final = word(b")")


def is_ascii(key: SearchKey) -> bool:
    """Whether every term is ASCII, so that no CHARSET is needed."""
    return all(term.isascii() for term in _terms(key))


def _terms(key: SearchKey) -> Iterator[str]:
    waiting: list[SearchKey] = [key]
    while waiting:
        match waiting.pop():
            case And(keys) | Or(keys):
                waiting += keys
            case Not(inner) | Fuzzy(inner):
                waiting.append(inner)
            case Match(value=value) | Header(value=value):
                yield value
            case _:
                pass


def search_key(key: SearchKey) -> Arg:
    """The key as one argument (an And at the top without parentheses). Raises InvalidRequest naming what is wrong."""
    waiting: list[SearchKey | Arg] = [key]
    if isinstance(key, And) and key.keys:
        waiting = list(reversed(key.keys))
    written: list[Arg] = []
    count = 0
    while waiting:
        item = waiting.pop()
        count += 1
        if count > 4 * limits.MAX_SEARCH_TERMS:
            raise InvalidRequest("too many search terms", field="filter")
        match item:
            case Arg():
                written.append(item)
            case And(()):
                written.append(word(b"ALL"))
            case And(keys):
                waiting += [_CLOSE, *reversed(keys), _OPEN]
            case Or(()):
                raise InvalidRequest("an empty choice", field="filter")
            case Or(keys):
                waiting += _choice(keys)
            case Not(inner):
                waiting.append(inner)
                written.append(word(b"NOT"))
            case Fuzzy(inner):
                waiting.append(inner)
                written.append(word(b"FUZZY"))
            case _:
                written += _leaf(item)
    return Arg(_spaced(written))


def _choice(keys: tuple[SearchKey, ...]) -> list[SearchKey | Arg]:
    """``OR a OR b c``, in the order in which a stack gives it back."""
    order: list[SearchKey | Arg] = []
    for key in keys[:-1]:
        order += [word(b"OR"), key]
    order.append(keys[-1])
    order.reverse()
    return order


def _spaced(args: list[Arg]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    tight = True
    for arg in args:
        if not tight and arg is not _CLOSE:
            pieces.append(b" ")
        pieces += arg.pieces
        tight = arg is _OPEN
    return tuple(pieces)


_Leaf = Plain | Match | Header | Dated | Flagged | Sized | _Set


def _leaf(key: _Leaf) -> list[Arg]:
    match key:
        case Plain():
            return [word(key.value)]
        case Match(where, value):
            return [word(where.encode("ascii")), text(value, field=where.lower())]
        case Header(name, value):
            return [word(b"HEADER"), _field_name(name), text(value, field="header")]
        case Dated(how, when):
            return [word(how.encode("ascii")), day(when)]
        case Flagged(flag, present):
            return _flagged(flag, present)
        case Sized(how, octets):
            return [word(how.encode("ascii")), number(octets, field=how.lower())]
        case UidIn(uids):
            return [word(b"UID"), uid_set(uids)]
        case SeqIn(numbers):
            return [sequence_set(numbers)]
        case ModSeq(value):
            return [word(b"MODSEQ"), number(value, field="modseq")]
        case ObjectIs(kind, id_):
            return [word(kind.encode("ascii")), _object_id(id_, kind.lower())]


def _field_name(name: str) -> Arg:
    if _FIELD_NAME.fullmatch(name) is None:
        raise InvalidRequest("not the name of a header field", field="header")
    return string(name.encode("ascii"), field="header")


def _object_id(value: str, field: str) -> Arg:
    if _OBJECT_ID.fullmatch(value) is None:
        raise InvalidRequest("not an object id", field=field)
    return word(value.encode("ascii"))


def _flagged(flag: bytes, present: bool) -> list[Arg]:
    words = _SYSTEM.get(flag.lower())
    if words is not None:
        return [word(words[0] if present else words[1])]
    return [word(b"KEYWORD" if present else b"UNKEYWORD"), word(check_flag(flag))]


def search_arguments(
    key: SearchKey, *, returns: Sequence[ReturnOption] | None = None, utf8_enabled: bool = False
) -> list[Arg]:
    """RETURN options (RFC 9051 section 6.4.4; None: a plain SEARCH), CHARSET where a term needs it, the key.

    ``utf8_enabled``: UTF8=ACCEPT is on, where RFC 6855 section 3 forbids CHARSET.
    """
    args: list[Arg] = []
    if returns is not None:
        if not {"MIN", "MAX", "COUNT", "ALL"}.issuperset(returns):
            raise InvalidRequest("not a return option", field="filter")
        args.append(word(b"RETURN (" + " ".join(returns).encode("ascii") + b")"))
    if not utf8_enabled and not is_ascii(key):
        args.append(word(b"CHARSET UTF-8"))
    return [*args, search_key(key)]
