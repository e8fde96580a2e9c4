"""The data of one message that a FETCH response brings (RFC 9051 section 7.5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple, cast

from msgspec import Struct
from msgspec.structs import replace

from gateway.imap.envelope import Envelope
from gateway.imap.framer import Streamed
from gateway.imap.structure import BodyPart


class SectionKey(NamedTuple):
    """Names one section of a message: what a request asks for and a response gives back.

    ``part`` "" is the message; ``text`` is "", HEADER, HEADER.FIELDS, HEADER.FIELDS.NOT, TEXT or MIME;
    ``fields`` are sorted, in upper case; ``origin`` is the first octet of a partial fetch.
    """

    part: str = ""
    text: str = ""
    fields: tuple[bytes, ...] = ()
    origin: int | None = None
    binary: bool = False


NOTHING: Final[Mapping[Any, Any]] = MappingProxyType({})
NO_SECTIONS: Final = cast("Mapping[SectionKey, bytes | Streamed | None]", NOTHING)
NO_SIZES: Final = cast("Mapping[str, int]", NOTHING)


class Fetched(Struct, frozen=True, gc=False):
    """Data of one message (RFC 9051 section 7.5.2). None: the item was not in the response, or is ``broken``.

    ``present`` names the items seen (section items as BODY[] or BINARY[]), ``broken`` those of them that could
    not be read. An item the server sent as NIL is present and None.
    """

    seq: int
    uid: int | None = None
    flags: tuple[bytes, ...] | None = None
    modseq: int | None = None
    internaldate: datetime | None = None
    size: int | None = None
    envelope: Envelope | None = None
    structure: BodyPart | None = None
    email_id: str | None = None
    thread_id: str | None = None
    preview: str | None = None
    savedate: datetime | None = None
    gm_msgid: int | None = None
    gm_thrid: int | None = None
    gm_labels: tuple[bytes, ...] | None = None
    sections: Mapping[SectionKey, bytes | Streamed | None] = NO_SECTIONS
    binary_sizes: Mapping[str, int] = NO_SIZES
    present: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()

    def merged(self, later: Fetched) -> Fetched:
        """Both together; what ``later`` has wins. For one message of one mailbox answered in several responses."""
        fresh = {
            name: value
            for name in self.__struct_fields__
            if (value := getattr(later, name)) is not None and name not in _JOINED
        }
        return replace(
            self,
            **fresh,
            sections={**self.sections, **later.sections},
            binary_sizes={**self.binary_sizes, **later.binary_sizes},
            present=self.present | later.present,
            broken=(self.broken - later.present) | later.broken,
        )


_JOINED: Final = frozenset({"sections", "binary_sizes", "present", "broken"})
