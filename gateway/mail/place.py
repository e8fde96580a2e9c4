"""Whose a folder is: its namespace, and its owner where it is another user's (RFC 2342)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from gateway.imap.name import MailboxName
from gateway.imap.response import Namespaces

Kind = Literal["personal", "other", "shared"]


class Place(Struct, frozen=True):
    """Where a folder lies: its namespace, and its owner where it is another user's."""

    kind: Kind
    owner: str | None


def place(name: MailboxName, namespaces: Namespaces) -> Place:
    """The longest namespace prefix that the name starts with (RFC 9051 section 6.3.10).

    The name that holds a namespace (``Public`` of ``Public/``) belongs to it, and is nobody's.
    """
    best, kind, delimiter = b"", "personal", None
    for label, group in (("other", namespaces.other), ("shared", namespaces.shared)):
        for prefix, separator in group:
            if len(prefix) > len(best) and (name.wire.startswith(prefix) or name.wire == _root(prefix, separator)):
                best, kind, delimiter = prefix, label, separator
    if kind == "other":
        below = name.wire[len(best) :]
        return Place("other", MailboxName(below).split(delimiter)[0] if below else None)
    return Place("shared" if kind == "shared" else "personal", None)


def _root(prefix: bytes, delimiter: str | None) -> bytes:
    return prefix.removesuffix(delimiter.encode("utf-8", "replace")) if delimiter else prefix
