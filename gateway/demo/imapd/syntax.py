"""What a client sends, as nested lists of octets, and what it is told, quoted (RFC 9051 section 4)."""

from __future__ import annotations

import re
from collections.abc import Iterable

Value = bytes | list["Value"]

_ATOM = re.compile(rb'(?:[^\s()\[\]{"]|\[[^\]]*\]|(?<=\])<|\])+')
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')
_LITERAL = re.compile(rb"~?\{\d+\+?\}\Z")
_SAFE = re.compile(rb'[^\x00\r\n"\\\x80-\xff]*\Z')
_RANGE = re.compile(rb"(\d+|\*)(?::(\d+|\*))?\Z")


class BadSyntax(Exception):
    """The command can't be read; the answer is BAD."""


def parse_arguments(pieces: list[bytes]) -> list[Value]:
    """``pieces`` alternate text and literal; the text before a literal ends with its ``{n}``."""
    stack: list[list[Value]] = [[]]
    for index, piece in enumerate(pieces):
        if index % 2:
            stack[-1].append(piece)
        else:
            _scan(_LITERAL.sub(b"", piece) if index + 1 < len(pieces) else piece, stack)
    if len(stack) != 1:
        raise BadSyntax("a parenthesis is open")
    return stack[0]


def _scan(text: bytes, stack: list[list[Value]]) -> None:
    at = 0
    while at < len(text):
        char = text[at : at + 1]
        if char == b" ":
            at += 1
        elif char == b"(":
            inner: list[Value] = []
            stack[-1].append(inner)
            stack.append(inner)
            at += 1
        elif char == b")":
            if len(stack) == 1:
                raise BadSyntax("a parenthesis too many")
            stack.pop()
            at += 1
        else:
            match = _QUOTED.match(text, at) or _ATOM.match(text, at)
            if match is None:
                raise BadSyntax("unexpected octet")
            quoted = match.re is _QUOTED
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", match[1]) if quoted else match[0])
            at = match.end()


def atom(value: Value) -> bytes:
    if isinstance(value, list):
        raise BadSyntax("a word is wanted here")
    return value


def words(value: Value) -> list[bytes]:
    """A parenthesised list of words, or one word alone."""
    return [atom(item) for item in value] if isinstance(value, list) else [value]


def string(value: bytes | None) -> bytes:
    """NIL, a quoted string, or a literal where it can't be quoted."""
    if value is None:
        return b"NIL"
    if _SAFE.match(value) and len(value) < 1000:
        return b'"' + value + b'"'
    return literal(value)


def literal(value: bytes) -> bytes:
    return b"{%d}\r\n%b" % (len(value), value)


def ranges(value: bytes, largest: int) -> list[tuple[int, int]]:
    """A sequence set as ranges; ``*`` is ``largest`` (RFC 9051 section 9, sequence-set)."""
    found: list[tuple[int, int]] = []
    for item in value.split(b","):
        match = _RANGE.match(item)
        if match is None:
            raise BadSyntax("not a sequence set")
        ends = [largest if end == b"*" else int(end) for end in match.groups() if end is not None]
        found.append((min(ends), max(ends)))
    return found


def within(number: int, spans: list[tuple[int, int]]) -> bool:
    return any(low <= number <= high for low, high in spans)


def compact(numbers: Iterable[int]) -> bytes:
    """Ascending numbers as a sequence set."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return b",".join(b"%d" % low if low == high else b"%d:%d" % (low, high) for low, high in spans)
