"""Values of the shapes that gateway.message reads, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Leaf:
    """A part of a BODYSTRUCTURE; the name is for the test to say which."""

    type: str
    subtype: str
    params: Mapping[str, bytes] = field(default_factory=dict)
    id: bytes | None = None
    encoding: str = "7bit"
    size: int = 0
    disposition: str | None = None
    disposition_params: Mapping[str, bytes] = field(default_factory=dict)
    parts: Sequence[Leaf] = ()
    section: str = "1"
    label: str = ""


@dataclass(frozen=True)
class Mailbox:
    """An ENVELOPE address."""

    name: bytes | None
    mailbox: bytes | None
    host: bytes | None


def leaf(
    mime: str,
    label: str = "",
    *,
    disposition: str | None = None,
    name: bytes | None = None,
    cid: bytes | None = None,
    params: Mapping[str, bytes] | None = None,
) -> Leaf:
    kind, _, subtype = mime.partition("/")
    named = {"filename": name} if name else {}
    return Leaf(kind, subtype, params or {}, cid, disposition=disposition, disposition_params=named, label=label)


def multipart(subtype: str, *parts: Leaf) -> Leaf:
    return Leaf("multipart", subtype, parts=parts, section="")
