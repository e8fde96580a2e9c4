"""Entity tags and the conditions on them (RFC 9110 section 13)."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from msgspec import Struct
from starlette.datastructures import Headers

from gateway.errors import InvalidRequest
from gateway.http.packed import unmarked

# entity-tag = [ weak ] opaque-tag ; weak = %s"W/" ; opaque-tag = DQUOTE *etagc DQUOTE  (RFC 9110 section 8.8.3)
_TAG: Final = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_GAP: Final = re.compile(r"[ \t]*(?:,[ \t]*)*")
_SHORT: Final = 128
"""Characters of a condition that is remembered as parsed."""
MAX_TAGS: Final = 100
"""Entity tags that one condition may list."""


class TagList(Struct, frozen=True):
    """``any`` stands for `*`. ``strong`` holds the strong tags, ``all`` all of them without their weak mark."""

    any: bool
    strong: frozenset[str]
    all: frozenset[str]

    def matches_weakly(self, etag: str) -> bool:
        """If-None-Match compares so (RFC 9110 section 13.1.2)."""
        return self.any or etag.removeprefix("W/") in self.all

    def matches_strongly(self, etag: str) -> bool:
        """If-Match compares so (RFC 9110 section 13.1.1)."""
        return self.any or etag in self.strong


def parse_tags(text: str, field: str) -> TagList:
    """`*` or a list of entity tags, those of compressed answers among them. Raises InvalidRequest naming the header."""
    return _parsed(text, field) if len(text) <= _SHORT else _parsed.__wrapped__(text, field)


@lru_cache(maxsize=1024)
def _parsed(text: str, field: str) -> TagList:
    """What a client has it sends with each request."""
    text = text.strip(" \t")
    if text == "*":
        return TagList(True, frozenset(), frozenset())
    strong: set[str] = set()
    every: set[str] = set()
    at = 0
    while at < len(text):
        found = _TAG.match(text, at)
        if found is None or len(every) >= MAX_TAGS:
            raise InvalidRequest("this is no list of entity tags", field=field)
        tag = unmarked(found[2])
        every.add(tag)
        if not found[1]:
            strong.add(tag)
        at = _next_tag(text, found.end(), field)
    if not every:
        raise InvalidRequest("this is no list of entity tags", field=field)
    return TagList(False, frozenset(strong), frozenset(every))


def _next_tag(text: str, at: int, field: str) -> int:
    """Where the next tag starts; between two tags stands at least one comma (RFC 9110 section 5.6.1)."""
    gap = _GAP.match(text, at)
    end = gap.end() if gap else at
    if end < len(text) and "," not in text[at:end]:
        raise InvalidRequest("this is no list of entity tags", field=field)
    return end


def tags_of(headers: Headers, name: str) -> TagList | None:
    """The condition in a header, of which several lines count as one list; None where it is not sent."""
    lines = headers.getlist(name)
    return parse_tags(", ".join(lines), name) if lines else None


def hash_tag(content: bytes) -> str:
    """A strong entity tag made of the content itself."""
    return f'"{blake2b(content, digest_size=12).hexdigest()}"'
