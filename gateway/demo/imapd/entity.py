"""The MIME tree of a message with its exact octets, as FETCH wants them (RFC 9051 section 6.4.5)."""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from dataclasses import dataclass

_DEEPEST = 20
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|([^;]*)')


@dataclass(frozen=True, slots=True)
class Entity:
    """A part: ``header`` ends with its empty line; ``children`` are a multipart's parts or the embedded message."""

    header: bytes
    body: bytes
    fields: tuple[tuple[str, bytes], ...]
    type: str
    subtype: str
    params: dict[str, str]
    children: tuple[Entity, ...]

    def first(self, name: str) -> bytes | None:
        """The first header field of that name (lower case), unfolded."""
        return next((value for key, value in self.fields if key == name), None)

    @property
    def encoding(self) -> str:
        return (self.first("content-transfer-encoding") or b"7bit").decode("ascii", "replace").strip().lower()

    @property
    def disposition(self) -> tuple[str, dict[str, str]] | None:
        value = self.first("content-disposition")
        return None if value is None else parameters(value)

    def text(self) -> str:
        """The body of a text part, decoded."""
        data = self.body
        if self.encoding == "base64":
            try:
                data = base64.b64decode(data)
            except binascii.Error:
                return ""
        elif self.encoding == "quoted-printable":
            data = quopri.decodestring(data)
        try:
            return data.decode(self.params.get("charset", "utf-8"), "replace")
        except LookupError:
            return data.decode("latin-1")

    def leaves(self) -> list[Entity]:
        """All parts that are no multipart, in order."""
        if not self.children:
            return [self]
        return [leaf for child in self.children for leaf in child.leaves()]


def parse_entity(raw: bytes, depth: int = 0) -> Entity:
    header, body = _split(raw)
    fields = _fields(header)
    declared = next((value for name, value in fields if name == "content-type"), b"text/plain; charset=us-ascii")
    content_type, params = parameters(declared)
    kind, _, subtype = content_type.partition("/")
    children: tuple[Entity, ...] = ()
    if depth < _DEEPEST and kind == "multipart" and params.get("boundary"):
        children = tuple(parse_entity(part, depth + 1) for part in _parts(body, params["boundary"].encode()))
    elif depth < _DEEPEST and content_type == "message/rfc822":
        children = (parse_entity(body, depth + 1),)
    if kind == "multipart" and not children:
        kind, subtype = "text", "plain"
    return Entity(header, body, fields, kind or "text", subtype or "plain", params, children)


def parameters(value: bytes) -> tuple[str, dict[str, str]]:
    """``text/plain; charset=utf-8`` as the value and its parameters; names in lower case, as they were sent."""
    head, _, rest = value.decode("utf-8", "replace").partition(";")
    found: dict[str, str] = {}
    while rest.strip():
        name, _, rest = rest.partition("=")
        match = _WORD.match(rest.lstrip())
        if match is None:
            break
        quoted, plain = match.groups()
        found[name.strip().lower()] = plain.strip() if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        rest = rest.lstrip()[match.end() :].lstrip().removeprefix(";")
    return head.strip().lower(), found


def _split(raw: bytes) -> tuple[bytes, bytes]:
    if raw.startswith(b"\r\n"):
        return raw[:2], raw[2:]
    end = raw.find(b"\r\n\r\n")
    return (raw, b"") if end < 0 else (raw[: end + 4], raw[end + 4 :])


def _fields(header: bytes) -> tuple[tuple[str, bytes], ...]:
    unfolded = re.sub(rb"\r\n(?=[ \t])", b"", header)
    matches = (_FIELD.fullmatch(line) for line in unfolded.split(b"\r\n"))
    return tuple((match[1].decode("ascii").lower(), match[2].strip()) for match in matches if match)


def _parts(body: bytes, boundary: bytes) -> list[bytes]:
    """The octets between the boundaries (RFC 2046 section 5.1.1); the line end before one belongs to it."""
    pieces = re.split(rb"(?:^|\r\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r\n|$)", body)
    parts: list[bytes] = []
    for closing, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        if closing:
            break
        parts.append(piece)
    return parts
