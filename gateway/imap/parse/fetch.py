"""FETCH (RFC 9051 section 7.5.2). One broken item costs that item only.

::

    message-data = nz-number SP ("EXPUNGE" / ("FETCH" SP msg-att))
    msg-att      = "(" (msg-att-dynamic / msg-att-static) *(SP (msg-att-dynamic / msg-att-static)) ")"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from gateway.errors import ProtocolViolation
from gateway.imap import limits
from gateway.imap.framer import Frame, Streamed
from gateway.imap.parse import value
from gateway.imap.parse.envelope import envelope
from gateway.imap.parse.section import binary_size_part, section_key
from gateway.imap.parse.structure import structure
from gateway.imap.parse.usual import usual
from gateway.imap.response import Fetched, SectionKey
from gateway.imap.tokenizer import Node, Reading, read, too_large

# What a flag refresh is made of, in any order: ten thousand of these are the price of opening a large folder, and with
# the size they are the price of a page that was shown before.
_FLAGS_ONLY: Final = re.compile(
    rb"\* ([1-9][0-9]{0,9}) FETCH \("
    rb"(?: ?+(?:UID ([1-9][0-9]{0,9})(?=[ )])|FLAGS \(([^()\"{\t]*+)\)|MODSEQ \(([0-9]{1,18})\)"
    rb"|RFC822\.SIZE ([0-9]{1,18})(?=[ )])))++\)"
)
_SMALL_ITEMS: Final = 65_536  # octets of a response that is too large: UID, flags, dates and sizes stand in them
_PRESENT: Final = tuple(
    frozenset(name for bit, name in enumerate(("UID", "FLAGS", "MODSEQ", "RFC822.SIZE")) if number >> bit & 1)
    for number in range(16)
)


def flags_only(text: bytes) -> Fetched | None:
    """The fast path: nothing but UID, FLAGS, MODSEQ and RFC822.SIZE, each at most once; None for all others."""
    match = _FLAGS_ONLY.fullmatch(text)
    if match is None:
        return None
    seq, uid, flags, modseq, size = match.groups()
    if text.count(b"UID ") > 1 or text.count(b"FLAGS (") > 1 or text.count(b"RFC822.SIZE ") > 1:
        return None
    number, uid_number = int(seq), int(uid or 0)
    if number > limits.MAX_NUMBER or uid_number > limits.MAX_NUMBER:
        return None
    return Fetched(
        number,
        uid_number or None,
        None if flags is None else tuple(flags.split()),
        None if modseq is None else int(modseq),
        size=None if size is None else int(size),
        present=_PRESENT[
            (uid is not None) + 2 * (flags is not None) + 4 * (modseq is not None) + 8 * (size is not None)
        ],
    )


def _modseq(node: Node) -> int:
    """RFC 7162 section 7: ``"MODSEQ" SP "(" permsg-modsequence ")"``; a bare number is taken too."""
    if type(node) is list and len(node) == 1:
        node = node[0]
    return value.number(node, limits.MAX_NUMBER64)


def _size(node: Node) -> int:
    return value.number(node, limits.MAX_NUMBER64)


def _preview(node: Node) -> str | None:
    octets = value.nstring(node)
    return None if octets is None else octets.decode("utf-8", "replace")


def _savedate(node: Node) -> object:
    return None if node is None else value.date_time(node)


# Item to the field of Fetched and the function that reads it.
_ITEMS: Final[Mapping[bytes, tuple[str, Callable[[Node], object]]]] = MappingProxyType(
    {
        b"UID": ("uid", value.nz_number),
        b"FLAGS": ("flags", value.flags),
        b"MODSEQ": ("modseq", _modseq),
        b"INTERNALDATE": ("internaldate", value.date_time),
        b"RFC822.SIZE": ("size", _size),
        b"ENVELOPE": ("envelope", envelope),
        b"BODYSTRUCTURE": ("structure", structure),
        b"BODY": ("structure", structure),
        b"EMAILID": ("email_id", value.object_id),
        b"THREADID": ("thread_id", value.object_id),
        b"PREVIEW": ("preview", _preview),
        b"SAVEDATE": ("savedate", _savedate),
        b"X-GM-MSGID": ("gm_msgid", lambda node: value.number(node, 2**64 - 1)),
        b"X-GM-THRID": ("gm_thrid", lambda node: value.number(node, 2**64 - 1)),
        b"X-GM-LABELS": ("gm_labels", value.flags),
    }
)
# The names of before IMAP4rev1 (RFC 3501 section 6.4.5), for the sections they are.
_OLD_SECTIONS: Final[Mapping[bytes, SectionKey]] = MappingProxyType(
    {b"RFC822": SectionKey(), b"RFC822.HEADER": SectionKey("", "HEADER"), b"RFC822.TEXT": SectionKey("", "TEXT")}
)


def fetch(seq: int, frame: Frame, start: int) -> Fetched:
    """The data of message ``seq``; ``start`` is where they begin in the first piece. Never raises."""
    if (found := usual(seq, frame, start)) is not None:
        return found
    return any_fetch(seq, frame, start)


def any_fetch(seq: int, frame: Frame, start: int) -> Fetched:
    """The same for whatever a server may write."""
    cut = too_large(frame)
    reading = read(_beginning(frame) if cut else frame, start)
    items = _Items()
    if reading.nodes and type(reading.nodes[0]) is list:
        nodes = _items_of(reading)
        items.read(nodes[: limits.MAX_ITEMS])
        if len(nodes) > limits.MAX_ITEMS:
            items.lose("FETCH")
    else:
        items.broken.add("FETCH")
    if (cut or reading.opened > 1 or reading.torn) and items.last is not None:
        items.lose(items.last)
    if cut:
        items.lose("FETCH")
    return items.fetched(seq)


def _beginning(frame: Frame) -> Frame:
    """Of what is too large: the small items, which servers send first. What they belong to is known then."""
    first = frame[0]
    return [first[:_SMALL_ITEMS]] if isinstance(first, bytes) else []


def _items_of(reading: Reading) -> list[Node]:
    """The items; after a parenthesis too many, those that fell out of the list as well."""
    first, *rest = reading.nodes
    return [*value.items(first), *rest]


class _Items:
    """The items of one message while they are read."""

    __slots__ = ("broken", "fields", "last", "present", "sections", "sizes")

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        self.sections: dict[SectionKey, bytes | Streamed | None] = {}
        self.sizes: dict[str, int] = {}
        self.present: set[str] = set()
        self.broken: set[str] = set()
        self.last: str | None = None

    def read(self, nodes: list[Node]) -> None:
        """Item by item; an item without its value, or a value without its item, is stepped over."""
        at, end = 0, len(nodes)
        while at < end:
            name = nodes[at]
            at += 1
            if type(name) is not bytes:
                continue
            upper = name.upper()
            if at == end:
                self.lose(_label(upper))
                return
            node = nodes[at]
            try:
                known = self._take(upper, node)
            except ProtocolViolation:
                self.lose(_label(upper))
                known = False
            if known or not _is_item(node):
                at += 1

    def _take(self, name: bytes, node: Node) -> bool:
        """Reads one item; whether its name is known. Raises ProtocolViolation where its value is not for it."""
        entry = _ITEMS.get(name)
        if entry is not None:
            self._field(name, entry[0], entry[1](node))
        elif name in _OLD_SECTIONS:
            self._section(_OLD_SECTIONS[name], node, "BODY[]")
        elif name.startswith(b"BINARY.SIZE["):
            self.sizes[binary_size_part(name)] = _size(node)
            self._seen("BINARY.SIZE[]")
        elif name.startswith((b"BODY[", b"BINARY[")):
            self._section(section_key(name), node, _label(name))
        else:
            self.present.add(_label(name))
            self.last = _label(name)
            return False
        return True

    def _field(self, name: bytes, field: str, read: object) -> None:
        label = name.decode("ascii")
        if name == b"UID" and self.fields.get("uid", read) != read:
            raise ProtocolViolation("two UIDs for one message")
        if name != b"BODY" or "structure" not in self.fields:
            self.fields[field] = read
        self._seen(label)

    def _section(self, key: SectionKey, node: Node, label: str) -> None:
        if node is not None and not isinstance(node, bytes | Streamed):
            raise ProtocolViolation("a section is a string or NIL")
        self.sections[key] = node
        self._seen(label)

    def _seen(self, label: str) -> None:
        self.present.add(label)
        self.last = label

    def lose(self, label: str) -> None:
        """Marks an item as broken and forgets what was read of it."""
        self.present.add(label)
        self.broken.add(label)
        self.last = label
        entry = _ITEMS.get(label.encode("ascii", "replace"))
        if entry is not None:
            self.fields.pop(entry[0], None)
        elif label == "BINARY.SIZE[]":
            self.sizes.clear()
        elif label in ("BODY[]", "BINARY[]"):
            self.sections = {key: kept for key, kept in self.sections.items() if key.binary != (label == "BINARY[]")}

    def fetched(self, seq: int) -> Fetched:
        if "UID" in self.broken:
            self.fields.pop("uid", None)
        return Fetched(
            seq,
            **self.fields,
            sections=self.sections,
            binary_sizes=self.sizes,
            present=frozenset(self.present),
            broken=frozenset(self.broken),
        )


def _label(name: bytes) -> str:
    """What ``present`` and ``broken`` call an item."""
    head, bracket, _ = name.partition(b"[")
    return (head[:64].decode("ascii", "replace") + ("[]" if bracket else "")) or "?"


def _is_item(node: Node) -> bool:
    return type(node) is bytes and (node.upper() in _ITEMS or node[:5].upper() == b"BODY[")
