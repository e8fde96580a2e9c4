"""Raw DEFLATE in both directions of a connection, as COMPRESS=DEFLATE has it (RFC 4978 section 4)."""

from __future__ import annotations

import zlib
from collections import deque
from typing import Final

from gateway.errors import ProtocolViolation
from gateway.imap import limits

_RAW: Final = -15  # RFC 4978 section 4: -8 to -15; a server may use the largest window
# What we say is short, but for messages that are stored: a window of 4 KB and 32 KB of memory in all instead of 256,
# at the speed of the fastest level.
_OUT_WINDOW: Final = -12
_OUT_MEMORY: Final = 5
_OUT_LEVEL: Final = 1
# Compressed octets given to zlib at a time: it copies what it could not use yet.
_PIECE: Final = 4096


class Inflater:
    """``feed`` takes octets in as they are; ``take`` gives what is in them, in small pieces and only when asked.

    So a few octets that would inflate to gigabytes cost no more memory than the reader has room for.
    """

    __slots__ = ("_at", "_chunks", "_full", "_zlib")

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=_RAW)
        self._chunks: deque[bytes] = deque()
        self._at = 0  # octets of the first chunk that zlib has
        self._full = False  # zlib may hold more than it gave

    def feed(self, data: bytes) -> None:
        if data:
            self._chunks.append(data)

    @property
    def waiting(self) -> bool:
        """Whether ``take`` may give more without another ``feed``."""
        return self._full or bool(self._chunks)

    def take(self) -> bytes:
        """At most ``limits.INFLATED`` octets; none: more has to be fed first.

        Raises ProtocolViolation where it is no DEFLATE, or goes on after the stream's end.
        """
        while self.waiting:
            octets = self._inflated(self._zlib.unconsumed_tail or (b"" if self._full else self._piece()))
            self._full = bool(self._zlib.unconsumed_tail) or len(octets) == limits.INFLATED
            if octets:
                return octets
        return b""

    def _inflated(self, piece: bytes) -> bytes:
        if self._zlib.eof and piece:
            raise ProtocolViolation("the mail server went on after the end of its compressed data")
        try:
            octets = self._zlib.decompress(piece, limits.INFLATED)
        except zlib.error as error:
            raise ProtocolViolation("the mail server's compressed data is broken") from error
        if self._zlib.unused_data:
            raise ProtocolViolation("the mail server went on after the end of its compressed data")
        return octets

    def _piece(self) -> bytes:
        first = self._chunks[0]
        piece = first[self._at : self._at + _PIECE]
        self._at += len(piece)
        if self._at >= len(first):
            self._chunks.popleft()
            self._at = 0
        return piece


class Deflater:
    """What goes out, each time so that the server can read all of it at once."""

    __slots__ = ("_zlib",)

    def __init__(self) -> None:
        self._zlib = zlib.compressobj(_OUT_LEVEL, zlib.DEFLATED, _OUT_WINDOW, _OUT_MEMORY)

    def give(self, data: bytes) -> bytes:
        return self._zlib.compress(data) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
