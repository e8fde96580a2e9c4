"""A raw header block into its fields: bounded, lenient, linear.

::

    field = field-name ":" unstructured CRLF          RFC 5322 section 2.2; continuation lines begin with WSP
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

MAX_BLOCK = 1_048_576  # octets of a header block that are looked at
MAX_FIELDS = 5_000
MAX_VALUE = 65_536  # octets of one value
_MAX_JUNK = 5_000  # lines that are no field

_FIELD = re.compile(rb"([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)\n?")
_LINE = re.compile(rb"[^\n]*+\n?")
_FOLD = re.compile(rb"\r?\n(?=[ \t])|[\r\n]++")


class Field(NamedTuple):
    """``name`` in lower case; ``value`` as sent, folding included, without the final line break."""

    name: bytes
    value: bytes

    @property
    def unfolded(self) -> bytes:
        """The value on one line, outer white space removed (RFC 5322 section 2.2.3)."""
        return _FOLD.sub(b"", self.value).strip()


def split_fields(block: bytes) -> tuple[Field, ...]:
    """The fields up to the first empty line. Lines that are no field (such as mbox's ``From ``) are passed over."""
    block = block[:MAX_BLOCK]
    if b"\n" not in block and b"\r" in block:
        block = block.replace(b"\r", b"\n")
    fields: list[Field] = []
    position = junk = 0
    while position < len(block) and len(fields) < MAX_FIELDS and junk < _MAX_JUNK:
        match = _FIELD.match(block, position)
        if match is not None:
            value = match[2][:MAX_VALUE]
            fields.append(Field(match[1].lower(), value.removesuffix(b"\r")))
        else:
            match = _LINE.match(block, position)
            if match is None or (not match[0].strip(b"\r\n") and fields):
                break
            junk += 1
        position = match.end()
    return tuple(fields)


def first(fields: Iterable[Field], name: bytes) -> bytes | None:
    """The unfolded value of the first field of that (lower-case) name."""
    for field in fields:
        if field.name == name:
            return field.unfolded
    return None


def every(fields: Iterable[Field], name: bytes) -> list[bytes]:
    """The unfolded values of all fields of that (lower-case) name, in order."""
    return [field.unfolded for field in fields if field.name == name]
