"""What FETCH can be asked for: a closed set (RFC 9051 section 6.4.5 and the extensions named below)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import Final, Literal

from msgspec import Struct

from gateway.errors import InvalidRequest
from gateway.imap import limits
from gateway.imap.encode.arg import Arg, word
from gateway.imap.response import SectionKey

SectionText = Literal["", "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"]

_PART: Final = re.compile(r"[1-9][0-9]{0,8}+(?:\.[1-9][0-9]{0,8}+){0,99}+")
# RFC 5322 field names: printable ASCII but the colon.
_FIELD_NAME: Final = re.compile(r"[!-9;-~]{1,200}+")
_ATOM: Final = re.compile(r"[!#$&'+\-./0-9;<=>?@A-Z^_`a-z|~]++")


class Item(Enum):
    """Items without parameters; the value is the word on the wire."""

    UID = b"UID"
    FLAGS = b"FLAGS"
    ENVELOPE = b"ENVELOPE"
    BODYSTRUCTURE = b"BODYSTRUCTURE"
    INTERNALDATE = b"INTERNALDATE"
    SIZE = b"RFC822.SIZE"
    MODSEQ = b"MODSEQ"  # RFC 7162 section 3.1.4.2
    EMAILID = b"EMAILID"  # RFC 8474 section 5.1
    THREADID = b"THREADID"  # RFC 8474 section 5.2
    SAVEDATE = b"SAVEDATE"  # RFC 8514 section 4.2
    PREVIEW = b"PREVIEW"  # RFC 8970 section 3.1
    PREVIEW_LAZY = b"PREVIEW (LAZY)"  # RFC 8970 section 4.1
    GM_MSGID = b"X-GM-MSGID"
    GM_THRID = b"X-GM-THRID"
    GM_LABELS = b"X-GM-LABELS"

    def wire(self) -> bytes:
        return self.value


class Section(Struct, frozen=True):
    """A section of a message (RFC 9051 section 6.4.5); raises InvalidRequest where it can't be written.

    ``part`` "" is the whole message; ``partial`` is (first octet, length). ``binary`` has the server decode the
    part (RFC 3516 section 4.2). ``peek`` leaves ``\\Seen`` alone.
    """

    part: str = ""
    text: SectionText = ""
    fields: tuple[str, ...] = ()
    partial: tuple[int, int] | None = None
    peek: bool = True
    binary: bool = False

    def __post_init__(self) -> None:
        if self.part and _PART.fullmatch(self.part) is None:
            raise InvalidRequest("a part is named like 1.2", field="part")
        if self.text.startswith("HEADER.FIELDS") != bool(self.fields) or len(self.fields) > limits.MAX_FLAGS:
            raise InvalidRequest("header fields need their names", field="fields")
        if not all(_FIELD_NAME.fullmatch(name) for name in self.fields):
            raise InvalidRequest("not the name of a header field", field="fields")
        if (self.text == "MIME" and not self.part) or (self.binary and self.text):
            raise InvalidRequest("no such section", field="part")
        if self.partial is not None and not self._window_is_sound(*self.partial):
            raise InvalidRequest("not a range of octets", field="range")

    @staticmethod
    def _window_is_sound(first: int, length: int) -> bool:
        return 0 <= first <= limits.MAX_NUMBER and 1 <= length <= limits.MAX_NUMBER

    @property
    def key(self) -> SectionKey:
        """Under which the response has it, in ``Fetched.sections``."""
        fields = tuple(sorted({name.upper().encode("ascii") for name in self.fields}))
        origin = self.partial[0] if self.partial is not None else None
        return SectionKey(self.part, self.text, fields, origin, self.binary)

    def wire(self) -> bytes:
        name = "BINARY" if self.binary else "BODY"
        peek = ".PEEK" if self.peek else ""
        spec = ".".join(filter(None, (self.part, self.text)))
        fields = f" ({' '.join(map(_field_name, self.fields))})" if self.fields else ""
        partial = f"<{self.partial[0]}.{self.partial[1]}>" if self.partial is not None else ""
        return f"{name}{peek}[{spec}{fields}]{partial}".encode("ascii")


def _field_name(name: str) -> str:
    if _ATOM.fullmatch(name) is not None:
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


class BinarySize(Struct, frozen=True):
    """The decoded size of a part (RFC 3516 section 4.2)."""

    part: str

    def __post_init__(self) -> None:
        if self.part and _PART.fullmatch(self.part) is None:
            raise InvalidRequest("a part is named like 1.2", field="part")

    def wire(self) -> bytes:
        return f"BINARY.SIZE[{self.part}]".encode("ascii")


FetchItem = Item | Section | BinarySize


def fetch_items(items: Sequence[FetchItem]) -> Arg:
    """Parenthesised items, each once, in order."""
    if not items:
        raise InvalidRequest("nothing to fetch", field="items")
    return word(b"(" + b" ".join(dict.fromkeys(item.wire() for item in items)) + b")")


def fetch_modifiers(*, changed_since: int, vanished: bool = False) -> Arg:
    """CHANGEDSINCE and VANISHED (RFC 7162 section 3.1.4.1 and section 3.2.6)."""
    if not 0 <= changed_since <= limits.MAX_NUMBER64:
        raise InvalidRequest("not a mod-sequence", field="since")
    return word(b"(CHANGEDSINCE %d%s)" % (changed_since, b" VANISHED" if vanished else b""))
