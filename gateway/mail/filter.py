"""From the simple filters of a request to one search key, with what searching by it costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gateway.errors import InvalidRequest
from gateway.imap.encode.search_key import And, Dated, Flagged, Match, SearchKey
from gateway.mail.request import Filter
from gateway.sync.cursor import fingerprint

LONGEST_TERM = 1000


@dataclass(frozen=True, slots=True)
class Plan:
    """A search key, how many messages its first window looks at, and how many it looks at before it pauses."""

    key: SearchKey
    step: int
    most: int


# What servers answer from an index, from cached headers and from whole messages differ by orders of magnitude.
_INDEXED = (20_000, 2_000_000)
_HEADERS = (5_000, 200_000)
_BODIES = (500, 20_000)


def plan(chosen: Filter) -> Plan | None:
    """None where nothing is filtered. Raises InvalidRequest naming the filter."""
    keys: list[SearchKey] = [*_flag_keys(chosen), *_date_keys(chosen)]
    headers = _header_keys(chosen)
    text = [Match("TEXT", _term(chosen.text, "text"))] if chosen.text is not None else []
    every = (*keys, *headers, *text)
    if not every:
        return None
    step, most = _BODIES if text else _HEADERS if headers else _INDEXED
    return Plan(every[0] if len(every) == 1 else And(every), step, most)


def filter_fingerprint(chosen: Filter) -> bytes:
    """What a cursor carries, so that it is not continued under another filter."""
    flags = (str(chosen.unseen), str(chosen.flagged))
    terms = (chosen.from_, chosen.to, chosen.subject, chosen.text, chosen.since, chosen.before)
    return fingerprint(*flags, *terms)


def _header_keys(chosen: Filter) -> list[SearchKey]:
    keys: list[SearchKey] = []
    if chosen.from_ is not None:
        keys.append(Match("FROM", _term(chosen.from_, "from")))
    if chosen.to is not None:
        keys.append(Match("TO", _term(chosen.to, "to")))
    if chosen.subject is not None:
        keys.append(Match("SUBJECT", _term(chosen.subject, "subject")))
    return keys


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


def _term(text: str, field: str) -> str:
    if not text.strip():
        raise InvalidRequest("a search term can't be empty", field=field)
    if len(text) > LONGEST_TERM:
        raise InvalidRequest(f"a search term has at most {LONGEST_TERM} characters", field=field)
    return text
