"""Sets of UIDs and of message numbers: two types that can't be mixed (RFC 9051 section 4.1.1)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Self, final

from gateway.errors import InvalidRequest, ProtocolViolation
from gateway.imap import limits

_SET = re.compile(rb"(?:[0-9]{1,19}|\*)(?::(?:[0-9]{1,19}|\*))?+(?:,(?:[0-9]{1,19}|\*)(?::(?:[0-9]{1,19}|\*))?+)*+")

Range = tuple[int, int]


def parse_ranges(octets: bytes, *, star: int | None = None) -> list[Range]:
    """The ranges of a sequence-set as written, but each in rising order. ``star`` is what ``*`` stands for.

    Raises ProtocolViolation for anything else, and for numbers outside 1..2^32-1.
    """
    if _SET.fullmatch(octets) is None or octets.count(b",") >= limits.MAX_RANGES:
        raise ProtocolViolation("not a sequence-set")
    ranges: list[Range] = []
    for item in octets.split(b","):
        first, _, last = item.partition(b":")
        low = _number(first, star)
        high = _number(last, star) if last else low
        ranges.append((low, high) if low <= high else (high, low))
    return ranges


def _number(octets: bytes, star: int | None) -> int:
    value = (star or 0) if octets == b"*" else int(octets)
    if not 1 <= value <= limits.MAX_NUMBER:
        raise ProtocolViolation("a number outside 1..4294967295 in a sequence-set")
    return value


def _merge(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Sorted; overlapping and adjacent ranges joined."""
    merged: list[Range] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            if high > merged[-1][1]:
                merged[-1] = (merged[-1][0], high)
        else:
            merged.append((low, high))
    return tuple(merged)


class _Ranges:
    """Immutable sorted inclusive ranges. 2^32-1 as an upper end is written ``*``."""

    __slots__ = ("_lows", "_ranges")

    _ranges: tuple[Range, ...]
    _lows: tuple[int, ...]

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        listed = list(ranges)
        if any(not 1 <= low <= high <= limits.MAX_NUMBER for low, high in listed):
            raise InvalidRequest("a message number is 1 to 4294967295")
        self._ranges = _merge(listed)
        self._lows = tuple(low for low, _ in self._ranges)

    @classmethod
    def parse(cls, octets: bytes, *, star: int | None = None) -> Self:
        """From the wire; ``*`` is an error unless ``star`` says what it stands for. Raises ProtocolViolation."""
        return cls(parse_ranges(octets, star=star))

    @classmethod
    def of(cls, numbers: Iterable[int]) -> Self:
        return cls((number, number) for number in numbers)

    @classmethod
    def span(cls, low: int, high: int) -> Self:
        """``low:high``; empty where ``high`` is below ``low``."""
        return cls([(low, high)] if low <= high else [])

    @classmethod
    def from_(cls, low: int) -> Self:
        """``low:*``. Mind that a server answers ``low:*`` with its last message even where that is below ``low``."""
        return cls([(low, limits.MAX_NUMBER)])

    @property
    def ranges(self) -> tuple[Range, ...]:
        return self._ranges

    @property
    def first(self) -> int | None:
        return self._ranges[0][0] if self._ranges else None

    @property
    def last(self) -> int | None:
        return self._ranges[-1][1] if self._ranges else None

    def union(self, other: Self) -> Self:
        if not other._ranges:
            return self
        return type(self)([*self._ranges, *other._ranges])

    def intersect(self, other: Self) -> Self:
        found: list[Range] = []
        mine, theirs = 0, 0
        while mine < len(self._ranges) and theirs < len(other._ranges):
            low = max(self._ranges[mine][0], other._ranges[theirs][0])
            high = min(self._ranges[mine][1], other._ranges[theirs][1])
            if low <= high:
                found.append((low, high))
            if self._ranges[mine][1] < other._ranges[theirs][1]:
                mine += 1
            else:
                theirs += 1
        return type(self)(found)

    def subtract(self, other: Self) -> Self:
        if not other._ranges:
            return self
        gaps: list[Range] = []
        low = 1
        for start, end in other._ranges:
            if low < start:
                gaps.append((low, start - 1))
            low = end + 1
        if low <= limits.MAX_NUMBER:
            gaps.append((low, limits.MAX_NUMBER))
        return self.intersect(type(self)(gaps))

    def chunks(self, octets: int = limits.MAX_COMMAND // 2) -> Iterator[Self]:
        """Pieces whose wire form is at most about ``octets`` long, in order (RFC 7162 section 4)."""
        step = max(1, octets // 22)  # a range is at most two ten-digit numbers, a colon and a comma
        if 0 < len(self._ranges) <= step:
            yield self
            return
        for at in range(0, len(self._ranges), step):
            yield type(self)(self._ranges[at : at + step])

    def batches(self, size: int) -> Iterator[Self]:
        """Pieces of at most ``size`` numbers, in order, made without counting through ``self``."""
        piece: list[Range] = []
        room = size
        for start, high in self._ranges:
            low = start
            while low <= high:
                end = min(high, low + room - 1)
                piece.append((low, end))
                room -= end - low + 1
                low = end + 1
                if room == 0:
                    yield type(self)(piece)
                    piece, room = [], size
        if piece:
            yield type(self)(piece)

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, int):
            return False
        if len(self._ranges) == 1:  # the frequent case
            low, high = self._ranges[0]
            return low <= number <= high
        at = bisect_right(self._lows, number) - 1
        return at >= 0 and number <= self._ranges[at][1]

    def __iter__(self) -> Iterator[int]:
        """Rising. Raises ProtocolViolation where there are more than ``limits.MAX_EXPANDED``."""
        if len(self) > limits.MAX_EXPANDED:
            raise ProtocolViolation("a set of messages is too large to be listed")
        for low, high in self._ranges:
            yield from range(low, high + 1)

    def __len__(self) -> int:
        return sum(high - low + 1 for low, high in self._ranges)

    def __bool__(self) -> bool:
        return bool(self._ranges)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and isinstance(other, _Ranges) and self._ranges == other._ranges

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._ranges))

    def __str__(self) -> str:
        """The wire form; "" where empty."""
        return ",".join(str(low) if low == high else f"{low}:{_end(high)}" for low, high in self._ranges)

    def __repr__(self) -> str:
        text = str(self) if len(self._ranges) <= 20 else f"{len(self._ranges)} ranges"
        return f"{type(self).__name__}({text})"


def _end(high: int) -> str:
    return "*" if high == limits.MAX_NUMBER else str(high)


@final
class UidSet(_Ranges):
    """UIDs of one mailbox."""

    __slots__ = ()


@final
class SequenceSet(_Ranges):
    """Message numbers of one mailbox, as they are at one moment."""

    __slots__ = ()
