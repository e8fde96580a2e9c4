"""Where a message stands in an order: values that compare as the order says."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import total_ordering
from typing import Final
from unicodedata import normalize

from msgspec import Struct

from gateway.imap.capability import Capabilities
from gateway.imap.encode.fetch_item import Item
from gateway.imap.encode.sort_key import SortBy, SortKey
from gateway.imap.envelope import EnvelopeAddress
from gateway.imap.response import Fetched
from gateway.mail.search_request import Comparator
from gateway.message.address import addresses
from gateway.message.date import parse_date
from gateway.message.words import decode_words

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# RFC 5256 section 2.1, as far as mail programs agree on it: replies, forwards and list marks at the front.
_LEADER: Final = re.compile(
    r"(?:\s|\[[^\[\]]{0,100}\](?=\s*\S)|(?:re|fwd?|aw|wg)\s*(?:\[[^\[\]]{0,20}\])?:)+", re.IGNORECASE
)
_TRAILER: Final = re.compile(r"(?:\s|\(fwd\))+$", re.IGNORECASE)
_MAX: Final = 1000

Value = float | str


@total_ordering
class _Down(Struct, frozen=True):
    """Compares the other way round."""

    value: Value

    def __lt__(self, other: _Down) -> bool:
        mine, theirs = self.value, other.value
        if isinstance(mine, str) and isinstance(theirs, str):
            return theirs < mine
        return not isinstance(mine, str) and not isinstance(theirs, str) and theirs < mine


Rank = tuple[Value | _Down, ...]


def rank_of(message: Fetched, order: Sequence[Comparator]) -> Rank:
    """What ``order`` compares of a message; what can't be read counts as nothing, which comes first when rising."""
    values = [(_VALUES[by.property](message), by.is_ascending) for by in order]
    return tuple(value if rising else _Down(value) for value, rising in values)


def rank_items(order: Sequence[Comparator]) -> tuple[Item, ...]:
    """What has to be fetched for a rank."""
    return tuple(dict.fromkeys(_ITEMS[by.property] for by in order))


def sort_keys(order: Sequence[Comparator], capabilities: Capabilities) -> tuple[SortKey, ...]:
    """The same order as SORT has it; by the names that people see where the server can (RFC 5957)."""
    names = _SHOWN if capabilities.has("SORT=DISPLAY") else _PLAIN
    return tuple(SortKey(names[by.property], not by.is_ascending) for by in order)


def _received(message: Fetched) -> Value:
    return (message.internaldate or _EPOCH).timestamp()


def _sent(message: Fetched) -> Value:
    """RFC 5256 section 2.2: where there is no date, that of receipt."""
    raw = message.envelope.date if message.envelope is not None else None
    sent = parse_date(raw) if raw else None
    return sent.timestamp() if sent is not None else _received(message)


def _size(message: Fetched) -> Value:
    return message.size or 0


def _from(message: Fetched) -> Value:
    return _person(message.envelope.from_ if message.envelope is not None else ())


def _to(message: Fetched) -> Value:
    return _person(message.envelope.to if message.envelope is not None else ())


def _person(people: tuple[EnvelopeAddress, ...]) -> Value:
    """Name, else address, of the first (RFC 8621 section 4.4.2)."""
    shown = addresses(people[:1]) if people else []
    return _folded(shown[0][0] or shown[0][1]) if shown else ""


def _subject(message: Fetched) -> Value:
    raw = message.envelope.subject if message.envelope is not None else None
    text = decode_words(raw)[:_MAX]
    base = _TRAILER.sub("", text)
    leader = _LEADER.match(base)
    return _folded(base[leader.end() :] if leader else base)


def _folded(text: str) -> str:
    return normalize("NFKD", text[:_MAX].casefold())


_VALUES: Final[dict[str, Callable[[Fetched], Value]]] = {
    "receivedAt": _received,
    "sentAt": _sent,
    "size": _size,
    "from": _from,
    "to": _to,
    "subject": _subject,
}
_ITEMS: Final[dict[str, Item]] = {
    "receivedAt": Item.INTERNALDATE,
    "sentAt": Item.ENVELOPE,
    "size": Item.SIZE,
    "from": Item.ENVELOPE,
    "to": Item.ENVELOPE,
    "subject": Item.ENVELOPE,
}
_PLAIN: Final[dict[str, SortBy]] = {
    "receivedAt": "ARRIVAL",
    "sentAt": "DATE",
    "size": "SIZE",
    "from": "FROM",
    "to": "TO",
    "subject": "SUBJECT",
}
_SHOWN: Final[dict[str, SortBy]] = {**_PLAIN, "from": "DISPLAYFROM", "to": "DISPLAYTO"}
