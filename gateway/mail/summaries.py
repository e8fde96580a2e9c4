"""Summaries that were made before: all of a message but its flags stays as it is (RFC 9051 section 2.3.1.1).

Only :mod:`gateway.mail.recall` answers from here, and only about messages that the server has just told the caller's
own session of.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct, field

from gateway.mail.pages import Pages
from gateway.mail.resource import MessageSummary
from gateway.mail.row import Row
from gateway.mail.trees import Trees

SHARE: Final = 8
"""One folder may hold this part of all: so nobody who pages through a huge one drives out everybody else's."""
PAGES: Final = 4
"""Whole pages are kept beside them, up to this part of what the summaries may take."""
OCTETS_A_PART: Final = 1024
"""Trees of messages are kept beside them, too: a part for so many octets of what the summaries may take."""
_NONE: Final[Mapping[int, Row]] = MappingProxyType({})


class Place(Struct, frozen=True):
    """One mailbox of one account in one life: there a UID never means another message."""

    account_id: str
    mailbox: bytes
    uidvalidity: int


class _Folder(Struct):
    rows: dict[int, Row] = field(default_factory=dict)
    weight: int = 0

    def put(self, uid: int, row: Row) -> None:
        self.drop(uid)
        self.rows[uid] = row
        self.weight += row.weight

    def drop(self, uid: int) -> None:
        dropped = self.rows.pop(uid, None)
        if dropped is not None:
            self.weight -= dropped.weight


class Summaries:
    """At most ``most`` octets, counted as JSON; in memory they take somewhat more. 0 keeps nothing.

    The folder that was asked for least recently goes first, and in a folder what was put first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._folders: OrderedDict[Place, _Folder] = OrderedDict()
        self.pages = Pages(most // PAGES)
        self.trees = Trees(most // OCTETS_A_PART)

    def of(self, place: Place) -> Mapping[int, Row]:
        """By UID. Not to be kept: it changes."""
        folder = self._folders.get(place)
        if folder is None:
            return _NONE
        self._folders.move_to_end(place)
        return folder.rows

    def put(self, place: Place, uid: int, summary: MessageSummary) -> Row | None:
        """The row that was made of it; None where nothing is kept."""
        if not self._most:
            return None
        row = Row.of(summary)
        if row.weight > self._most // SHARE:
            return row
        folder = self._folders.setdefault(place, _Folder())
        self._folders.move_to_end(place)
        before = folder.weight
        folder.put(uid, row)
        while folder.weight > self._most // SHARE:
            folder.drop(next(iter(folder.rows)))
        self._weight += folder.weight - before
        while self._weight > self._most:
            _, oldest = self._folders.popitem(last=False)
            self._weight -= oldest.weight
        return row

    @property
    def weight(self) -> int:
        """Octets held, counted as JSON."""
        return self._weight
