"""BODYSTRUCTURE and BODY (RFC 9051 section 7.5.2; section 9: ``body``), without recursion.

::

    body           = "(" (body-type-1part / body-type-mpart) ")"
    body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
    body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]
    body-fields    = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP body-fld-octets

Two walks: down, to find the parts and number them; then back, so that every part's children are there before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gateway.errors import ProtocolViolation
from gateway.imap import limits
from gateway.imap.envelope import Envelope
from gateway.imap.parse.envelope import envelope
from gateway.imap.parse.value import nstring, number, string
from gateway.imap.structure import NO_PARAMETERS, BodyPart
from gateway.imap.tokenizer import Node


class _Found(NamedTuple):
    """A part on the way down: ``children`` are indexes of the list of all; ``after`` is where its extension starts."""

    node: list[Node]
    section: str
    kind: str  # "multipart", "message" or "leaf"
    children: list[int]
    after: int


def structure(node: Node) -> BodyPart | None:
    """NIL is None. Raises ProtocolViolation where no tree can be made of it."""
    if node is None:
        return None
    found = _descend(node)
    built: list[BodyPart] = []  # of found, from the last
    last = len(found) - 1
    for part in reversed(found):
        children = tuple([built[last - child] for child in part.children])
        built.append(_multipart(part, children) if part.kind == "multipart" else _leaf(part, children))
    return built[-1]


def _descend(root: Node) -> list[_Found]:
    found: list[_Found] = []
    waiting: list[tuple[Node, str, bool, list[int]]] = [(root, "", True, [])]
    while waiting:
        node, number_, fresh, siblings = waiting.pop()
        if type(node) is not list:
            raise ProtocolViolation("not a body")
        subtype = _multipart_subtype(node)
        if len(found) + (subtype or 0) >= limits.MAX_PARTS:
            raise ProtocolViolation("a message has too many parts")
        siblings.append(len(found))
        children: list[int] = []
        if subtype is not None:
            found.append(_Found(node, number_, "multipart", children, subtype))
            above = f"{number_}." if number_ else ""
            bodies = [(node[at], f"{above}{at + 1}", False, children) for at in range(subtype) if node[at] is not None]
            waiting += reversed(bodies)
            continue
        # The body of a message, or of the root, has no number of its own: as a leaf it is part 1 of it.
        section = (f"{number_}.1" if number_ else "1") if fresh else number_
        inner = _inner_message(node)
        found.append(_Found(node, section, "leaf" if inner is None else "message", children, 7 if inner is None else 9))
        if inner is not None:
            waiting.append((inner, section, True, children))
    return found


def _multipart_subtype(node: list[Node]) -> int | None:
    """Where the subtype of a multipart stands in ``node``; None for what is a leaf."""
    if not node:
        return None
    if type(node[0]) is list:
        for at, child in enumerate(node):
            if type(child) is not list and not (child is None and at + 1 < len(node) and type(node[at + 1]) is list):
                return at
        return len(node)
    if type(node[0]) is bytes and (len(node) == 1 or type(node[1]) is not bytes) and len(node) < 7:
        return 0
    if node[0] is None and 1 < len(node) < 7 and type(node[1]) is bytes:
        return 1
    return None


def _inner_message(node: list[Node]) -> Node:
    """The body of an attached message (``body-type-msg``), where it is there."""
    if len(node) < 9 or not _is(node[0], b"MESSAGE") or not (_is(node[1], b"RFC822") or _is(node[1], b"GLOBAL")):
        return None
    body = node[8]
    return body if type(body) is list and (len(body) > 2 or (body and type(body[0]) is list)) else None


def _is(node: Node, name: bytes) -> bool:
    return type(node) is bytes and node.upper() == name


def _multipart(found: _Found, children: tuple[BodyPart, ...]) -> BodyPart:
    node, at = found.node, found.after
    extension = [*node[at + 1 : at + 5], None, None, None, None]
    disposition, disposition_params = _disposition(extension[1])
    return BodyPart(
        type="multipart",
        subtype=_lower(node[at] if at < len(node) else None, "mixed"),
        params=_params(extension[0]),
        disposition=disposition,
        disposition_params=disposition_params,
        language=_language(extension[2]),
        location=_text(extension[3]),
        parts=children,
        section=found.section,
    )


def _leaf(found: _Found, children: tuple[BodyPart, ...]) -> BodyPart:
    node = found.node
    if not node:
        return BodyPart("application", "octet-stream", section=found.section)
    if len(node) < 7:
        raise ProtocolViolation("a body has too few fields")
    type_ = _lower(node[0], "text")
    lines: int | None = None
    message_envelope: Envelope | None = None
    after = found.after
    if found.kind == "message":
        message_envelope = _envelope_or_none(node[7])
        if len(node) > 9 and type(node[9]) is bytes:
            lines, after = _count(node[9]), 10
    elif len(node) > 7:
        if type(node[7]) is bytes and (type_ == "text" or type_ == "message") and _is_number(node[7]):
            lines, after = _count(node[7]), 8
        elif node[7] is None and type_ == "text" and not (len(node) > 8 and type(node[8]) is list):
            after = 8
        elif type_ == "message" and len(node) > 9 and type(node[9]) is bytes and _is_number(node[9]):
            message_envelope = _envelope_or_none(node[7])
            lines, after = _count(node[9]), 10
    extension = [*node[after : after + 4], None, None, None, None]
    disposition, disposition_params = _disposition(extension[1])
    return BodyPart(
        type_,
        _lower(node[1], "plain" if type_ == "text" else "octet-stream"),
        _params(node[2]),
        nstring(node[3]),
        nstring(node[4]),
        _lower(node[5], "7bit"),
        _count(node[6]),
        lines,
        disposition,
        disposition_params,
        _language(extension[2]),
        _text(extension[3]),
        _text(extension[0]),
        (),
        message_envelope,
        children[0] if children else None,
        found.section,
    )


def _envelope_or_none(node: Node) -> Envelope | None:
    """An attached message's envelope is a courtesy: where it can't be read the part is still good."""
    try:
        return envelope(node)
    except ProtocolViolation:
        return None


def _is_number(node: bytes) -> bool:
    return node.lstrip(b"-").isdigit()


def _count(node: Node) -> int:
    """A size or line count; NIL and negative numbers are 0."""
    if node is None or (type(node) is bytes and node[:1] == b"-" and node[1:].isdigit()):
        return 0
    return number(node, limits.MAX_NUMBER64)


def _lower(node: Node, default: str) -> str:
    if node is None:
        return default
    return string(node).decode("utf-8", "replace").lower()


def _text(node: Node) -> bytes | None:
    """An extension field that should be a string; anything else there is not worth losing the part for."""
    return node if type(node) is bytes else None


def _params(node: Node) -> Mapping[str, bytes]:
    if type(node) is not list or not node:
        return NO_PARAMETERS
    params: dict[str, bytes] = {}
    for at in range(0, len(node), 2):
        name, value = node[at], node[at + 1] if at + 1 < len(node) else None
        if type(name) is bytes and (value is None or type(value) is bytes):
            params.setdefault(name.decode("utf-8", "replace").lower(), value or b"")
    return params


def _disposition(node: Node) -> tuple[str | None, Mapping[str, bytes]]:
    if type(node) is bytes:
        return node.decode("utf-8", "replace").lower(), NO_PARAMETERS
    if type(node) is list and node and type(node[0]) is bytes:
        return node[0].decode("utf-8", "replace").lower(), _params(node[1] if len(node) > 1 else None)
    return None, NO_PARAMETERS


def _language(node: Node) -> tuple[bytes, ...]:
    if type(node) is bytes:
        return (node,)
    if type(node) is list:
        return tuple([each for each in node if type(each) is bytes])
    return ()
