"""Octets on their way out: a whole message or one decoded part, or a range of either (RFC 9110 section 14)."""

from __future__ import annotations

from collections.abc import AsyncIterator

from msgspec import Struct

from gateway.errors import RangeNotSatisfiable


class ByteRange(Struct, frozen=True):
    """One range as asked for: ``first``-``last`` inclusive; ``first`` None means the last ``last`` octets."""

    first: int | None
    last: int | None

    def resolve(self, size: int) -> tuple[int, int]:
        """``(start, stop)`` within ``size`` octets, stop exclusive. Raises RangeNotSatisfiable."""
        if self.first is None:
            start, stop = max(0, size - (self.last or 0)), size
        else:
            start, stop = self.first, size if self.last is None else min(size, self.last + 1)
        if start >= size or start >= stop:
            raise RangeNotSatisfiable(f"the resource has {size} octets", size=size)
        return start, stop


class Download(Struct, frozen=True):
    """A stream of octets. ``size`` is that of the whole resource, None where it can't be known beforehand.

    ``start`` and ``stop`` bound what ``chunks`` will yield; ``ranges`` tells whether ranges can be served at all.
    ``aclose()`` of the iterator must be awaited when the client leaves early.
    """

    content_type: str
    filename: str | None
    etag: str
    size: int | None
    start: int
    stop: int | None
    ranges: bool
    chunks: AsyncIterator[bytes]
    inline: bool = False

    @property
    def partial(self) -> bool:
        return self.size is not None and (self.start, self.stop) != (0, self.size)
