"""Incremental decoders of content transfer encodings (RFC 2045 section 6): constant memory, any chunking.

The result never depends on how the octets were cut into chunks. Nothing raises: what can't be decoded is passed over
or passed on, and ``problem`` says so.
"""

from __future__ import annotations

import binascii
import re
from typing import Protocol

import msgspec

_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_DIGITS))
_LINE_END = b"\r\n"
_BLANKS = b"\n\r \t"
_BASE64_RUN = re.compile(rb"([^=]++)|=++")


class Decoder(Protocol):
    """Octets in, decoded octets out. ``finish`` gives the rest and ends the decoder's use."""

    @property
    def problem(self) -> bool: ...
    def feed(self, data: bytes) -> bytes: ...
    def finish(self) -> bytes: ...


class Identity:
    """7bit, 8bit and binary; also what stands in for an unknown encoding (RFC 8621 section 4.1.4: not decoded)."""

    __slots__ = ("problem",)

    def __init__(self, *, unknown: bool = False) -> None:
        self.problem = unknown

    def feed(self, data: bytes) -> bytes:
        return bytes(data)

    def finish(self) -> bytes:
        return b""


class Base64:
    """RFC 2045 section 6.8. Octets outside the alphabet are ignored; padding ends a quantum wherever it stands."""

    __slots__ = ("_rest", "problem")

    def __init__(self) -> None:
        self.problem = False
        self._rest = b""  # up to three octets of an unfinished quantum

    def feed(self, data: bytes) -> bytes:
        digits = self._rest + data.translate(None, _LINE_END)
        whole = len(digits) & ~3
        try:
            # refuses whatever is no digit, at four times the speed of binascii, which passes over it
            decoded = msgspec.convert(str(memoryview(digits)[:whole], "ascii"), bytes)
        except ValueError:
            return self._flawed(self._rest + data)
        self._rest = digits[whole:]  # what is in it is looked at with what follows
        return decoded

    def _flawed(self, data: bytes) -> bytes:
        """Padding, blanks, and what is no base64."""
        digits = data.translate(None, _NOT_BASE64)
        if not self.problem and len(digits) != len(data):
            self.problem = len(data.translate(None, _BLANKS)) != len(digits)
        return self._padded(digits)

    def _padded(self, digits: bytes) -> bytes:
        out: list[bytes] = []
        self._rest = b""
        for match in _BASE64_RUN.finditer(digits):
            run = match[1]
            if run is None:
                continue
            whole = len(run) & ~3
            if match.end() == len(digits):
                self._rest = run[whole:]
                out.append(binascii.a2b_base64(run[:whole]))
            else:
                out.append(self._closed(run))
        return b"".join(out)

    def _closed(self, digits: bytes) -> bytes:
        """Digits that padding, or the end, follows: one digit alone makes no octet."""
        if len(digits) % 4 == 1:
            self.problem = True
            digits = digits[:-1]
        return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))

    def finish(self) -> bytes:
        rest, self._rest = self._rest, b""
        out = self._flawed(rest) if rest else b""
        rest, self._rest = self._rest, b""
        self.problem = self.problem or bool(rest)
        return out + self._closed(rest) if rest else out


_RUN = 1024  # blanks that are removed before a line end; a longer run is kept, so that little has to be held back
_SOFT_BREAK = re.compile(rb"=[ \t]{0,1024}+\r?\n")
_TRAILING = re.compile(rb"(?<![ \t])[ \t]{1,1024}+(?=\r?\n)")
_BAD_ESCAPE = re.compile(rb"=(?![0-9A-Fa-f]{2}|[ \t]{0,1024}+\r?\n)")
_LEADING = re.compile(rb"[ \t]*+")
_HEX = frozenset(b"0123456789ABCDEFabcdef")


class QuotedPrintable:
    """RFC 2045 section 6.7. Lower-case hex and blanks after a soft break are taken; a bad escape stays as it is."""

    __slots__ = ("_held", "_in_run", "problem")

    def __init__(self) -> None:
        self.problem = False
        self._held = b""  # what can only be judged with the octets that follow
        self._in_run = False  # in a run of blanks that was too long to hold

    def feed(self, data: bytes) -> bytes:
        prefix = b""
        if self._in_run:
            match = _LEADING.match(data)
            blanks = match.end() if match else 0
            prefix, data = data[:blanks], data[blanks:]
            self._in_run = not data
        data = self._held + data
        cut = self._judged(data)
        self._held = data[cut:]
        if len(self._held) > _RUN + 1:
            self._in_run = not self._held.endswith(b"\r")
            if self._in_run:
                out = prefix + self._decode(data[:cut]) + self._decode(self._held)
                self._held = b""
                return out
        return prefix + self._decode(data[:cut])

    @staticmethod
    def _judged(data: bytes) -> int:
        """How much of ``data`` means the same whatever follows."""
        end = len(data)
        if data.endswith(b"\r"):
            end -= 1
        blank_from = len(data[:end].rstrip(b" \t"))
        if blank_from and data[blank_from - 1] == 0x3D:
            return blank_from - 1
        if blank_from < len(data):
            return blank_from
        if end >= 2 and data[end - 2] == 0x3D and data[end - 1] in _HEX:
            return end - 2
        return end

    def _decode(self, data: bytes) -> bytes:
        if not data:
            return b""
        if b"=" not in data:
            return _without_trailing(data)
        escaped = _BAD_ESCAPE.sub(b"=3D", data)  # left to right: before soft breaks go, lest "=" meet new digits
        self.problem = self.problem or len(escaped) != len(data)
        return binascii.a2b_qp(_SOFT_BREAK.sub(b"", _without_trailing(escaped)))

    def finish(self) -> bytes:
        held, self._held = self._held, b""
        if held.startswith(b"=") and not held[1:].strip(b" \t\r"):
            return b""  # a soft break at the very end
        return self._decode(held.rstrip(b" \t") if not held.endswith(b"\r") else held)


def _without_trailing(data: bytes) -> bytes:
    if any(ending in data for ending in (b" \n", b" \r\n", b"\t\n", b"\t\r\n")):
        return _TRAILING.sub(b"", data)
    return data


_UU_LINE = 512  # octets of a line; a longer one is no uuencode


class Uuencode:
    """x-uuencode: what stands between ``begin`` and ``end``; the rest is passed over."""

    __slots__ = ("_began", "_ended", "_line", "problem")

    def __init__(self) -> None:
        self.problem = False
        self._line = b""
        self._began = False
        self._ended = False

    def feed(self, data: bytes) -> bytes:
        if self._ended:
            return b""
        lines = (self._line + data).split(b"\n")
        self._line = lines.pop()
        out = [self._decode(line) for line in lines]
        if len(self._line) > _UU_LINE:
            self.problem = True
            self._line = self._line[:_UU_LINE]
        return b"".join(out)

    def finish(self) -> bytes:
        line, self._line = self._line, b""
        out = self._decode(line) if line and not self._ended else b""
        self.problem = self.problem or not self._ended
        return out

    def _decode(self, line: bytes) -> bytes:
        line = line[:_UU_LINE].rstrip(b"\r")
        if self._ended or not line:
            return b""
        if not self._began:
            self._began = line.startswith(b"begin ")
            return b""
        if line.rstrip() == b"end":
            self._ended = True
            return b""
        octets = (line[0] - 32) & 63
        body = line[: (octets * 4 + 2) // 3 + 1]
        try:
            return binascii.a2b_uu(body)
        except binascii.Error:
            self.problem = True
            return b""


def decoder(encoding: str) -> Decoder:
    """A fresh decoder for a Content-Transfer-Encoding. An unknown one is passed through, with ``problem`` set."""
    name = encoding.strip().strip("\"'").lower()
    if name == "base64":
        return Base64()
    if name in ("quoted-printable", "quotedprintable", "quoted_printable"):
        return QuotedPrintable()
    if name in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return Uuencode()
    return Identity(unknown=name not in ("", "7bit", "8bit", "binary", "7-bit", "8-bit", "8bits", "7bits", "none"))


_TURN = 65_536  # octets that one regular expression may hold the interpreter's lock for, in whichever thread


def decode_all(data: bytes, encoding: str) -> tuple[bytes, bool]:
    """The whole of ``data`` decoded, and whether anything was wrong with it."""
    one = decoder(encoding)
    view = memoryview(data)
    out = [one.feed(bytes(view[at : at + _TURN])) for at in range(0, len(data), _TURN)]
    return b"".join((*out, one.finish())), one.problem


def encoded_window(start: int, stop: int, *, line: int, end_of_line: int = 2) -> tuple[int, int, int]:
    """Where the decoded octets [start, stop) of a base64 part stand in its encoded form.

    Answers (first encoded octet, end, decoded octets to drop at the front). Exact only where every line but the last
    holds ``line`` digits (a multiple of four) and line ends are ``end_of_line`` octets: look at the first line and at
    the encoded size before relying on it.
    """
    if line <= 0 or line % 4:
        raise ValueError("line must be a positive multiple of four")

    def place(digit: int) -> int:
        return digit + digit // line * end_of_line

    first = start // 3 * 4
    last = -(-stop // 3) * 4
    end = place(last - 1) + 1 if last else 0
    return place(first), end, start - start // 3 * 3
