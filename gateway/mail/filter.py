"""From the simple filters of a request to one search key, with what searching by it costs."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

from msgspec import Struct

from gateway.errors import InvalidRequest
from gateway.imap.encode.search_key import Dated, Flagged, Match, Searched, SearchKey
from gateway.mail.effort import effort_of
from gateway.mail.logic import all_of
from gateway.mail.request import Filter
from gateway.mail.term import checked
from gateway.sync.cursor import fingerprint

_ALL: Final = Filter()


class Plan(Struct, frozen=True):
    """A search key, how many messages its first window looks at, and how many it looks at before it pauses."""

    key: SearchKey
    step: int
    most: int


def plan(chosen: Filter) -> Plan | None:
    """None where nothing is filtered. Raises InvalidRequest naming the filter."""
    if chosen == _ALL:
        return None
    every = [*_flag_keys(chosen), *_date_keys(chosen), *_text_keys(chosen)]
    if not every:
        return None
    key = all_of(every)
    effort = effort_of(key)
    return Plan(key, effort.step, effort.most)


@lru_cache(maxsize=256)
def filter_fingerprint(chosen: Filter) -> bytes:
    """What a cursor carries, so that it is not continued under another filter."""
    flags = (str(chosen.unseen), str(chosen.flagged))
    terms = (chosen.from_, chosen.to, chosen.subject, chosen.text, chosen.since, chosen.before)
    return fingerprint(*flags, *terms)


def _text_keys(chosen: Filter) -> list[SearchKey]:
    """Each text as it is, which RFC 8621 section 4.4.1 would take for words."""
    given: tuple[tuple[Searched, str, str | None], ...] = (
        ("FROM", "from", chosen.from_),
        ("TO", "to", chosen.to),
        ("SUBJECT", "subject", chosen.subject),
        ("TEXT", "text", chosen.text),
    )
    return [Match(where, checked(text, field)) for where, field, text in given if text is not None]


def _flag_keys(chosen: Filter) -> list[SearchKey]:
    keys: list[SearchKey] = []
    if chosen.unseen is not None:
        keys.append(Flagged(b"\\Seen", present=not chosen.unseen))
    if chosen.flagged is not None:
        keys.append(Flagged(b"\\Flagged", present=chosen.flagged))
    return keys


def _date_keys(chosen: Filter) -> list[SearchKey]:
    keys: list[SearchKey] = []
    if chosen.since is not None:
        keys.append(Dated("SINCE", _day(chosen.since, "since")))
    if chosen.before is not None:
        keys.append(Dated("BEFORE", _day(chosen.before, "before")))
    return keys


def _day(text: str, field: str) -> date:
    """IMAP compares days, not times (RFC 9051 section 6.4.4), so a time of day would be a promise not kept."""
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRequest("a date is written as 2026-11-20", field=field) from None
