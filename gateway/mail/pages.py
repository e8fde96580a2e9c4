"""Pages that were made before, by what decides all that is on them."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, TypeAlias

from msgspec import Struct

Key: TypeAlias = tuple[str, str | None]
"""The page's entity tag, which has account, folder name and state in it, and the server's id of the mailbox."""

_OVERHEAD: Final = 500
"""Octets of a page beside its JSON."""
_SHRUNK: Final = 0.4
"""What the compressed form takes of the JSON at most, in all likelihood: subjects and names by chance do."""


class Listed(Struct, gc=False):
    """A page's JSON, and the cursor in it. ``packed``: the JSON compressed, once somebody has wanted it so."""

    json: bytes
    next_cursor: str | None
    packed: bytes | None = None


class Pages:
    """At most ``most`` octets; the page that was asked for least recently goes first. 0 keeps nothing."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pages: OrderedDict[Key, Listed] = OrderedDict()
        self.weight = 0
        """Octets held."""

    def get(self, key: Key) -> Listed | None:
        found = self._pages.get(key)
        if found is not None:
            self._pages.move_to_end(key)
        return found

    def put(self, key: Key, page: Listed) -> None:
        if key in self._pages or _weight(page) > self._most:
            return
        self._pages[key] = page
        self.weight += _weight(page)
        while self.weight > self._most:
            _, oldest = self._pages.popitem(last=False)
            self.weight -= _weight(oldest)


def _weight(page: Listed) -> int:
    return int(len(page.json) * (1 + _SHRUNK)) + _OVERHEAD
