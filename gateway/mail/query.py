"""What a page request asks for, and a value with the entity tag that stands for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gateway.mail.request import Filter

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageQuery:
    """``limit`` messages below ``cursor`` that pass ``filter``; ``if_none_match`` holds entity tags the client has.

    ``previews``: made by the gateway where the mail server has none.
    """

    limit: int = 50
    cursor: str | None = None
    filter: Filter = field(default_factory=Filter)
    if_none_match: frozenset[str] = frozenset()
    previews: bool = False


@dataclass(frozen=True, slots=True)
class Tagged(Generic[T]):
    """A value and its strong entity tag (quotes included); ``value`` None means: not modified."""

    value: T | None
    etag: str
