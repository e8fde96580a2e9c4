"""Where a search goes on: one position in each folder that has something left."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from msgspec import Struct

from gateway.errors import InvalidRequest, LocalError
from gateway.sync.cursor import FINGERPRINT
from gateway.sync.ids import MAX_UINT32
from gateway.sync.token import Kind, malformed, read, write
from gateway.sync.varint import Reader, varint

MARK: Final = 8
"""Octets that stand for a mailbox name in a cursor, which is too short for the names of many folders."""
MAX_PLACES: Final = 100
MAX_ANCHORS: Final = 4
_CAP: Final = 8192  # characters: 100 places with 4 anchors each are 6,000


def mark_of(mailbox: bytes) -> bytes:
    """The mailbox in a cursor."""
    return blake2b(mailbox, digest_size=MARK).digest()


class Place(Struct, frozen=True):
    """In the mailbox of ``mark``, in one life of it, messages of UIDs less than ``below`` are left.

    A sorted search has given ``given`` of them already, the last of which are ``anchors``, in order.
    """

    mark: bytes
    uidvalidity: int
    below: int
    given: int = 0
    anchors: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        numbers = (self.uidvalidity, self.below - 1, self.given, *(anchor - 1 for anchor in self.anchors))
        sound = all(0 <= number <= MAX_UINT32 for number in numbers) and self.below <= MAX_UINT32 + 1
        if len(self.mark) != MARK or not sound or len(self.anchors) > min(MAX_ANCHORS, self.given):
            raise LocalError("no place in a search")


class SearchCursor(Struct, frozen=True):
    """``places`` are in the order of their marks, each folder once; ``fingerprint`` is that of the whole query."""

    fingerprint: bytes
    places: tuple[Place, ...]

    def __post_init__(self) -> None:
        marks = [place.mark for place in self.places]
        if len(self.fingerprint) != FINGERPRINT or not 1 <= len(marks) <= MAX_PLACES or sorted({*marks}) != marks:
            raise LocalError("no cursor of a search")

    def of(self, mailbox: bytes) -> Place | None:
        """None: there is nothing left in the mailbox."""
        mark = mark_of(mailbox)
        return next((place for place in self.places if place.mark == mark), None)

    def encode(self) -> str:
        return write(Kind.SEARCH, self.fingerprint + b"".join(map(_written, self.places)))

    @classmethod
    def parse(cls, text: str, *, field: str = "cursor", fingerprint: bytes) -> SearchCursor:
        """Raises InvalidRequest naming ``field``, also where the cursor belongs to a query of another fingerprint."""
        body = read(text, Kind.SEARCH, cap=_CAP, field=field)
        if len(body) <= FINGERPRINT:
            raise malformed(field)
        if body[:FINGERPRINT] != fingerprint:
            raise InvalidRequest("the cursor belongs to another search", field=field)
        places: list[Place] = []
        rest = body[FINGERPRINT:]
        while rest:
            place, rest = _place(rest, field)
            places.append(place)
        try:
            return cls(fingerprint, tuple(places))
        except LocalError:
            raise malformed(field) from None


def _written(place: Place) -> bytes:
    numbers = (place.uidvalidity, place.below, place.given, len(place.anchors), *place.anchors)
    return place.mark + b"".join(map(varint, numbers))


def _place(octets: bytes, field: str) -> tuple[Place, bytes]:
    reader = Reader(octets[MARK:], malformed(field))
    uidvalidity, below, given = reader.number(MAX_UINT32), reader.number(MAX_UINT32 + 1), reader.number(MAX_UINT32)
    anchors = tuple(reader.number(MAX_UINT32) for _ in range(reader.number(MAX_ANCHORS)))
    try:
        return Place(octets[:MARK], uidvalidity, below, given, anchors), reader.rest()
    except LocalError:
        raise malformed(field) from None
