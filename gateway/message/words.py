"""Unstructured header text: RFC 2047 encoded words in every broken form, raw UTF-8 and raw 8-bit.

::

    encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?="     RFC 2047 section 2

Read leniently: words may touch other text, hold spaces, lack the closing ``?=``, stand in quotes, and split a
character between them. What is not an encoded word at all stays as it is.
"""

from __future__ import annotations

import binascii
import re
import unicodedata
from typing import NamedTuple

from gateway.message.charset import decode

MAX_OCTETS = 16_384  # of one header value; what is beyond is cut off

_START = re.compile(rb"=\?([!-<>@-~]{1,64})\?([bBqQ])\?")
_ONE = re.compile(rb"=\?([!-<>@-~]{1,64})\?([bBqQ])\?([^?]*+)\?=")
_BASE64_JUNK = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"))
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\ufeff]")
_SPACES = re.compile(r"[ \t]{2,}|\t")
_FOLD = re.compile(rb"\r\n(?=[ \t])|[\r\n]++")
_HEX_PAIR = re.compile(rb"[0-9A-Fa-f]{2}")
_MARKS_SAFE = 512  # canonical ordering is quadratic in a run of combining marks: longer text is looked at first
_MARKS_MAX = 32


class _Word(NamedTuple):
    start: int
    end: int
    charset: str
    encoding: bytes  # b"b" or b"q"
    text: bytes


def decode_words(raw: bytes | None, cap: int = MAX_OCTETS) -> str:
    """The text of an unstructured header value, unfolded, without control characters, in NFC.

    Never raises; the result has no lone surrogate and no line break. ``cap`` is in octets of ``raw``.
    """
    if not raw:
        return ""
    if len(raw) > cap:
        raw = whole_characters(raw[:cap])
    if raw.isascii() and b"=?" not in raw:
        text = raw.decode("ascii")
        if text.isprintable() and "  " not in text:
            return text.strip()
        if b"\x1b" not in raw:
            return clean_text(_FOLD.sub(b"", raw).decode("ascii"))
    if b"\n" in raw or b"\r" in raw:
        raw = _FOLD.sub(b"", raw)
    return clean_text(_decode(raw))


def whole_characters(cut: bytes) -> bytes:
    """Octets that were cut off somewhere, without the beginning of a UTF-8 character at their end."""
    for back in range(1, min(4, len(cut) + 1)):
        octet = cut[-back]
        if octet >= 0xC0:
            needed = 2 if octet < 0xE0 else 3 if octet < 0xF0 else 4
            return cut[:-back] if back < needed else cut
        if octet < 0x80:
            break
    return cut


def clean_text(text: str) -> str:
    """Drop control characters, make tabs and runs of blanks one space, strip, normalise to NFC."""
    if text.isprintable() and "  " not in text:
        return nfc(text.strip())
    return nfc(_SPACES.sub(" ", _CONTROLS.sub("", text)).strip())


def nfc(text: str) -> str:
    """Normalization Form C, but for text whose combining marks would make that cost quadratic time."""
    if text.isascii():
        return text
    if len(text) > _MARKS_SAFE and _longest_mark_run(text) > _MARKS_MAX:
        return text
    return unicodedata.normalize("NFC", text)


def _longest_mark_run(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        longest = max(longest, run)
    return longest


def _decode(raw: bytes) -> str:
    one = _ONE.fullmatch(raw)
    if one is not None:  # the usual case: nothing but one word, and no stray mark in it
        octets = _base64(one[3]) if one[2] in b"bB" else _q(one[3])
        return decode(octets, one[1].decode("ascii").partition("*")[0].lower()).text
    words = _words(raw)
    if not words:
        return _plain(raw)
    out: list[str] = []
    position = index = 0
    while index < len(words):
        run = _run(raw, words, index)
        between = raw[position : run[0].start]
        if between and (not between.isspace() or index == 0):
            out.append(_plain(between))
        out.append(decode(_join(run), run[0].charset).text)
        position = run[-1].end
        index += len(run)
    out.append(_plain(raw[position:]))
    return "".join(out)


def _words(raw: bytes) -> list[_Word]:
    found: list[_Word] = []
    starts = list(_START.finditer(raw))
    for number, match in enumerate(starts):
        if found and match.start() < found[-1].end:
            continue
        limit = starts[number + 1].start() if number + 1 < len(starts) else len(raw)
        encoding = match[2].lower()
        close = _close(raw, match.end(), limit, encoding)
        text = raw[match.end() : limit if close < 0 else close]
        end = limit if close < 0 else close + 2
        if close < 0 and limit < len(raw):
            text = text.rstrip()  # the closing mark is missing, and the blank before the next word is no text
        found.append(_Word(match.start(), end, match[1].decode("ascii").partition("*")[0].lower(), encoding, text))
    return found


def _close(raw: bytes, start: int, limit: int, encoding: bytes) -> int:
    """Where the word's ``?=`` is, or -1. A raw ``?`` before an escape (``?=C3``) is text, if a later ``?=`` closes."""
    close = raw.find(b"?=", start, limit)
    while close >= 0 and encoding == b"q" and _HEX_PAIR.match(raw, close + 2, limit):
        later = raw.find(b"?=", close + 2, limit)
        if later < 0:
            break
        close = later
    return close


def _run(raw: bytes, words: list[_Word], index: int) -> list[_Word]:
    """The words from ``index`` on that share a charset and have only white space between them."""
    run = [words[index]]
    for at in range(index + 1, len(words)):
        word = words[at]
        gap = raw[run[-1].end : word.start]
        if word.charset != run[0].charset or (gap and not gap.isspace()):
            break
        run.append(word)
    return run


def _join(run: list[_Word]) -> bytes:
    out = bytearray()
    pending = b""  # base64 digits of a quantum that the sender split between words
    for word in run:
        if word.encoding == b"q":
            out += _base64(pending) + _q(word.text)
            pending = b""
            continue
        digits = pending + word.text
        whole = len(digits.translate(None, _BASE64_JUNK)) % 4 == 0 or b"=" in word.text
        pending = b"" if whole else digits
        if whole:
            out += _base64(digits)
    return bytes(out + _base64(pending))


def _q(text: bytes) -> bytes:
    return binascii.a2b_qp(text.replace(b"=\n", b"").rstrip(b"="), header=True)


def _base64(text: bytes) -> bytes:
    digits = text.translate(None, _BASE64_JUNK)
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))


def _plain(raw: bytes) -> str:
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    return decode(raw, "iso-2022-jp" if raw.isascii() else None).text
