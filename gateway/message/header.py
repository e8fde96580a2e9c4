"""A raw header block into its fields: bounded, lenient, linear.

::

    field = field-name ":" unstructured CRLF          RFC 5322 section 2.2; continuation lines begin with WSP
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

MAX_BLOCK = 1_048_576  # octets of a header block that are looked at
MAX_FIELDS = 5_000
MAX_VALUE = 65_536  # octets of one value
_MAX_JUNK = 5_000  # lines that are no field

_FIELD = re.compile(rb"([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)\n?")
_LINE = re.compile(rb"[^\n]*+\n?")
_FOLD = re.compile(rb"\r?\n(?=[ \t])|[\r\n]++")


class Field(NamedTuple):
    """``name`` in lower case; ``value`` as sent, folding included, without the final line break.

    ``spelled`` is the name as the message has it; ``cut``: the value was longer than :data:`MAX_VALUE`.
    """

    name: bytes
    value: bytes
    spelled: bytes = b""
    cut: bool = False

    @property
    def unfolded(self) -> bytes:
        """The value on one line, outer white space removed (RFC 5322 section 2.2.3)."""
        return _FOLD.sub(b"", self.value).strip()


class Block(NamedTuple):
    """The fields of a header block; ``cut``: there was more than is looked at; ``junk``: lines that are no field."""

    fields: tuple[Field, ...]
    cut: bool
    junk: bool


def split_fields(block: bytes) -> tuple[Field, ...]:
    """The fields up to the first empty line. Lines that are no field (such as mbox's ``From ``) are passed over."""
    return read_block(block).fields


def read_block(block: bytes) -> Block:
    """The same, and what is wrong with the block."""
    whole, block = len(block), block[:MAX_BLOCK]
    if b"\n" not in block and b"\r" in block:
        block = block.replace(b"\r", b"\n")
    fields: list[Field] = []
    position = junk = 0
    room, ended = _MAX_JUNK, False
    while position < len(block) and len(fields) < MAX_FIELDS and room:
        match = _FIELD.match(block, position)
        if match is not None:
            value = match[2].removesuffix(b"\r")
            fields.append(Field(match[1].lower(), value[:MAX_VALUE], match[1], len(value) > MAX_VALUE))
        else:
            match = _LINE.match(block, position)
            if match is None or (not match[0].strip(b"\r\n") and fields):
                ended = True
                break
            junk += 1 if match[0].strip(b"\r\n") else 0
            room -= 1
        position = match.end()
    cut = not ended and (position < len(block) or whole > len(block))
    return Block(tuple(fields), cut or any(field.cut for field in fields), junk > 0)


def first(fields: Iterable[Field], name: bytes) -> bytes | None:
    """The unfolded value of the first field of that (lower-case) name."""
    for field in fields:
        if field.name == name:
            return field.unfolded
    return None


def last(fields: Sequence[Field], name: bytes) -> bytes | None:
    """The unfolded value of the last field of that (lower-case) name: the one that RFC 8621 section 4.1.3 means."""
    return next((field.unfolded for field in reversed(fields) if field.name == name), None)


def every(fields: Iterable[Field], name: bytes) -> list[bytes]:
    """The unfolded values of all fields of that (lower-case) name, in order."""
    return [field.unfolded for field in fields if field.name == name]
