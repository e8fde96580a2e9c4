"""What a page request asks for, and a value with the entity tag that stands for it."""

from __future__ import annotations

from hashlib import blake2b
from typing import Generic, TypeVar

from msgspec import Struct, field

from gateway.mail.request import Filter

T = TypeVar("T")


class PageQuery(Struct, frozen=True):
    """``limit`` messages below ``cursor`` that pass ``filter``; ``if_none_match`` holds entity tags the client has.

    ``previews``: made by the gateway where the mail server has none.
    """

    limit: int = 50
    cursor: str | None = None
    filter: Filter = field(default_factory=Filter)
    if_none_match: frozenset[str] = frozenset()
    previews: bool = False


class Tagged(Struct, Generic[T], frozen=True):
    """A value and its strong entity tag (quotes included); ``value`` None means: not modified."""

    value: T | None
    etag: str


def entity_tag(*parts: str) -> str:
    """A strong entity tag (RFC 9110 section 8.8.3) of what the parts say.

    One of them is the account: two accounts' folders can have the same ids and states, and their answers no common tag.
    """
    octets = "\0".join((*parts, "")).encode()
    return f'"{blake2b(octets, digest_size=12).hexdigest()}"'
