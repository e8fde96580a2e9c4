"""How a range of a part's decoded octets is had without the octets before it, where that can be done exactly.

The server is not asked to decode (BINARY, RFC 3516): of a part with a flaw servers make something else than we do of
the whole, or end the connection over it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final, Self, TypeAlias

from msgspec import Struct

from gateway.imap.encode.fetch_item import Section
from gateway.imap.session import Session
from gateway.imap.structure import BodyPart
from gateway.mail.hose import Hose
from gateway.mail.messages import fetch_one
from gateway.mail.parts import octets_of
from gateway.message.lines import Lines, lines_of, probes
from gateway.message.transfer import Decoder, decode_all

IDENTITY: Final = frozenset(("7bit", "8bit", "binary", ""))
SMALL: Final = 131_072
"""Encoded octets of a base64 part that is decoded whole for any range of it: right whatever is in it, and soon done."""
MIDDLING: Final = 1_048_576
"""The same for other encodings, in which nothing can be reckoned."""
_AT_ONCE: Final = 16_384  # encoded octets that are decoded on the event loop


class Served(Struct, frozen=True):
    """The mail server has the octets as they are asked for: they are not encoded."""

    size: int


class Held(Struct, frozen=True):
    """The whole part, decoded."""

    octets: bytes

    @property
    def size(self) -> int:
        return len(self.octets)


Way: TypeAlias = Served | Held | Lines


def identity(part: BodyPart) -> bool:
    """Whether the part is not encoded."""
    return part.encoding in IDENTITY


async def way_to(session: Session, uid: int, part: BodyPart) -> Way | None:
    """None where only decoding all of a large part would tell. Raises NotFound where the message is gone."""
    if identity(part):
        return Served(part.size)
    if part.size <= (SMALL if part.encoding == "base64" else MIDDLING):
        return Held(await _decoded(session, uid, part))
    return await _lines(session, uid, part) if part.encoding == "base64" else None


async def _decoded(session: Session, uid: int, part: BodyPart) -> bytes:
    encoded = await octets_of(session, uid, part.section)
    if len(encoded) <= _AT_ONCE:
        return decode_all(encoded, part.encoding)[0]
    return (await asyncio.to_thread(decode_all, encoded, part.encoding))[0]


async def _lines(session: Session, uid: int, part: BodyPart) -> Lines | None:
    sections = {probe[0]: Section(part.section, partial=probe) for probe in probes(part.size)}
    found = (await fetch_one(session, uid, tuple(sections.values()))).sections
    pieces = {first: found.get(section.key) for first, section in sections.items()}
    return lines_of(part.size, {first: piece for first, piece in pieces.items() if isinstance(piece, bytes)})


class Decoded:
    """What comes of a source through an incremental decoder."""

    def __init__(self, source: Hose, transfer: Decoder) -> None:
        self._source, self._transfer = source, transfer
        self._ended = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while not self._ended:
            piece = await anext(self._source, None)
            self._ended = piece is None
            if out := self._transfer.finish() if piece is None else self._transfer.feed(piece):
                return out
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Closes the source, whether or not anything was read."""
        await self._source.aclose()


class Sliced:
    """Of a source, ``length`` octets after the first ``drop``."""

    def __init__(self, source: Decoded, drop: int, length: int) -> None:
        self._source, self._drop, self._left = source, drop, length

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while self._left:
            piece = await anext(self._source)
            kept = piece[self._drop : self._drop + self._left]
            self._drop = max(0, self._drop - len(piece))
            self._left -= len(kept)
            if kept:
                return kept
        raise StopAsyncIteration

    async def aclose(self) -> None:
        await self._source.aclose()


async def whole(octets: bytes) -> AsyncIterator[bytes]:
    """All at once; nothing where there is nothing."""
    if octets:
        yield octets
