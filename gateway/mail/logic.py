"""And, or and not of search keys, without what is always or never so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.imap.encode.search_key import And, Not, Or, SearchKey

ALWAYS: Final = And(())
NEVER: Final = Or(())
"""Can't be written, so it must not be sent: nothing is to be searched."""


def all_of(keys: Iterable[SearchKey]) -> SearchKey:
    kept: list[SearchKey] = []
    for key in keys:
        if key == NEVER:
            return NEVER
        kept += key.keys if isinstance(key, And) else (key,)
    return kept[0] if len(kept) == 1 else And(tuple(kept))


def any_of(keys: Iterable[SearchKey]) -> SearchKey:
    kept: list[SearchKey] = []
    for key in keys:
        if key == ALWAYS:
            return ALWAYS
        kept += key.keys if isinstance(key, Or) else (key,)
    return kept[0] if len(kept) == 1 else Or(tuple(kept))


def negated(key: SearchKey) -> SearchKey:
    if key == ALWAYS:
        return NEVER
    if key == NEVER:
        return ALWAYS
    return key.key if isinstance(key, Not) else Not(key)
