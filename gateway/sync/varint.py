"""Unsigned integers in seven-bit groups, least significant first; the shortest form only."""

from __future__ import annotations

from typing import Final

from gateway.errors import GatewayError, LocalError

MAX_OCTETS: Final = 9  # 63 bits: a mod-sequence (RFC 7162 section 7) is the largest number in any token


class Reader:
    """Takes varints off ``octets`` from the front; raises ``error`` for what :func:`varint` would not have written."""

    __slots__ = ("_at", "_error", "_octets")

    def __init__(self, octets: bytes, error: GatewayError) -> None:
        self._octets = octets
        self._at = 0
        self._error = error

    def number(self, largest: int) -> int:
        """The next number, at most ``largest``."""
        value = 0
        for shift in range(0, 7 * MAX_OCTETS, 7):
            if self._at >= len(self._octets):
                raise self._error
            octet = self._octets[self._at]
            self._at += 1
            value |= (octet & 0x7F) << shift
            if octet < 0x80:
                break
        else:
            raise self._error
        if value > largest or (octet == 0 and shift):
            raise self._error
        return value

    def take(self, count: int) -> bytes:
        """The next ``count`` octets."""
        taken = self._octets[self._at : self._at + count]
        if len(taken) != count:
            raise self._error
        self._at += count
        return taken

    def rest(self) -> bytes:
        """All octets that are left."""
        left = self._octets[self._at :]
        self._at = len(self._octets)
        return left

    def end(self) -> None:
        """Nothing may be left."""
        if self._at != len(self._octets):
            raise self._error


def varint(value: int) -> bytes:
    """``value`` in its shortest form."""
    if not 0 <= value < 1 << 7 * MAX_OCTETS:
        raise LocalError("a number does not fit in a token")
    octets = bytearray()
    while value > 0x7F:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)
