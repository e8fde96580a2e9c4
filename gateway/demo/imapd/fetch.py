"""One FETCH item of one message, as octets (RFC 9051 section 7.5.2)."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import getaddresses

from gateway.demo.imapd.entity import Entity
from gateway.demo.imapd.folder import Message
from gateway.demo.imapd.syntax import BadSyntax, literal, string

_SECTION = re.compile(rb"BODY(\.PEEK)?\[([^\]]*)\](?:<(\d+)\.(\d+)>)?\Z", re.IGNORECASE)
_WHICH = re.compile(
    rb"((?:\d+(?:\.\d+)*)?)\.?(HEADER\.FIELDS(?:\.NOT)?|HEADER|TEXT|MIME)?(?: \((.*)\))?\Z", re.IGNORECASE
)
_MACROS = {
    b"ALL": [b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE"],
    b"FAST": [b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE"],
    b"FULL": [b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE", b"BODY"],
}
_PREVIEW_CHARS = 200


def expand(items: list[bytes]) -> list[bytes]:
    return [item for asked in items for item in _MACROS.get(asked.upper(), [asked])]


def reads(items: list[bytes]) -> bool:
    r"""Whether the items set \Seen: a body section without PEEK does."""
    matches = (_SECTION.match(item) for item in items)
    return any(match and not match[1] for match in matches)


def render(message: Message, item: bytes) -> bytes:
    """``ITEM value``. Raises BadSyntax for what is no item."""
    name = item.upper()
    match = _SECTION.match(item)
    if match is not None:
        return _section(message.entity, match)
    entity = message.entity
    if name == b"UID":
        value = b"%d" % message.uid
    elif name == b"FLAGS":
        value = b"(" + b" ".join(sorted(message.flags)) + b")"
    elif name == b"MODSEQ":
        value = b"(%d)" % message.modseq
    elif name == b"RFC822.SIZE":
        value = b"%d" % len(message.raw)
    elif name == b"INTERNALDATE":
        value = b'"' + date_time(message.received) + b'"'
    elif name == b"ENVELOPE":
        value = envelope(entity)
    elif name in {b"BODYSTRUCTURE", b"BODY"}:
        value = structure(entity)
    elif name == b"PREVIEW":
        value = string(preview(entity).encode())
    else:
        raise BadSyntax("unknown FETCH item")
    return name + b" " + value


def date_time(moment: datetime) -> bytes:
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return moment.strftime(f"%d-{months[moment.month - 1]}-%Y %H:%M:%S %z").encode()


def envelope(entity: Entity) -> bytes:
    parts = [string(entity.first("date")), string(entity.first("subject"))]
    sender = entity.first("from")
    for name in ("from", "sender", "reply-to", "to", "cc", "bcc"):
        value = entity.first(name)
        parts.append(_addresses(sender if value is None and name in {"sender", "reply-to"} else value))
    parts += [string(entity.first("in-reply-to")), string(entity.first("message-id"))]
    return b"(" + b" ".join(parts) + b")"


def _addresses(value: bytes | None) -> bytes:
    if value is None:
        return b"NIL"
    found = b""
    for name, address in getaddresses([value.decode("utf-8", "surrogateescape")]):
        local, _, host = address.rpartition("@")
        octets = [name.encode("utf-8", "surrogateescape") or None, None, local.encode(), host.encode()]
        found += b"(" + b" ".join(string(octet) for octet in octets) + b")"
    return b"(" + found + b")" if found else b"NIL"


def structure(entity: Entity) -> bytes:
    """BODYSTRUCTURE with its extension data."""
    tail = [_disposition(entity), string(entity.first("content-language")), string(entity.first("content-location"))]
    if entity.type == "multipart":
        inner = b"".join(structure(child) for child in entity.children)
        head = [inner + b" " + string(entity.subtype.encode()), _params(entity.params)]
        return b"(" + b" ".join(head + tail) + b")"
    head = [
        string(entity.type.encode()),
        string(entity.subtype.encode()),
        _params(entity.params),
        string(entity.first("content-id")),
        string(entity.first("content-description")),
        string(entity.encoding.encode()),
        b"%d" % len(entity.body),
    ]
    lines = b"%d" % entity.body.count(b"\n")
    if entity.children:
        head += [envelope(entity.children[0]), structure(entity.children[0]), lines]
    elif entity.type == "text":
        head.append(lines)
    return b"(" + b" ".join([*head, string(entity.first("content-md5")), *tail]) + b")"


def _params(params: dict[str, str]) -> bytes:
    pairs = [string(word.encode()) for pair in params.items() for word in pair]
    return b"(" + b" ".join(pairs) + b")" if pairs else b"NIL"


def _disposition(entity: Entity) -> bytes:
    found = entity.disposition
    return b"NIL" if found is None else b"(" + string(found[0].encode()) + b" " + _params(found[1]) + b")"


def preview(entity: Entity) -> str:
    """The beginning of the text (RFC 8970 section 3), at most 200 characters."""
    leaf = next((leaf for leaf in entity.leaves() if leaf.type == "text" and not leaf.disposition), None)
    if leaf is None:
        return ""
    text = leaf.text()
    if leaf.subtype == "html":
        text = re.sub(r"<style[^<]*</style>|<[^>]*>", " ", text)
    return " ".join(text.split())[:_PREVIEW_CHARS]


def _section(entity: Entity, match: re.Match[bytes]) -> bytes:
    spec = match[2]
    which = _WHICH.match(spec)
    if which is None:
        raise BadSyntax("no such section")
    found = _octets(entity, which[1].decode(), (which[2] or b"").upper().decode(), which[3] or b"")
    label = b"BODY[" + spec.upper() + b"]"
    if found is None:
        return label + b" NIL"
    if match[3] is not None:
        start = int(match[3])
        label += b"<%d>" % start
        found = found[start : start + int(match[4])]
    return label + b" " + literal(found)


def _octets(entity: Entity, path: str, kind: str, names: bytes) -> bytes | None:
    top = entity
    for number in (int(step) for step in path.split(".") if step):
        top_of = entity.children[0] if entity.type == "message" and entity.children else entity
        parts = top_of.children if top_of.type == "multipart" else (top_of,)
        if not 1 <= number <= len(parts):
            return None
        entity = parts[number - 1]
    if not kind:
        return entity.body if path else entity.header + entity.body
    if kind == "MIME":
        return entity.header if path else None
    if path:
        if entity.type != "message" or not entity.children:
            return None
        top = entity.children[0]
    return {"HEADER": top.header, "TEXT": top.body}.get(kind) if "FIELDS" not in kind else _some(top, kind, names)


def _some(entity: Entity, kind: str, names: bytes) -> bytes:
    wanted = {name.strip(b'"').lower() for name in names.split()}
    lines = re.split(rb"(?<=\r\n)(?![ \t])", entity.header)
    inverse = kind.endswith("NOT")
    kept = [line for line in lines if b":" in line and (line.split(b":")[0].strip().lower() in wanted) != inverse]
    return b"".join(kept) + b"\r\n"
