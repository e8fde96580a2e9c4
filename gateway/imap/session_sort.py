"""Sorted searches of the selected mailbox, and the newest messages of a search."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.errors import ProtocolViolation
from gateway.imap import limits
from gateway.imap.encode.search_key import SearchKey, search_arguments
from gateway.imap.encode.sort_key import Part, SortKey, partial, sort_arguments
from gateway.imap.response import Esearch
from gateway.imap.routing_numbers import Numbers
from gateway.imap.session_search import Searching
from gateway.imap.uids import Range, UidSet


class Sorting(Searching):
    async def sort(self, key: SearchKey, by: Sequence[SortKey], *, part: Part | None = None) -> tuple[int, ...]:
        """UIDs that match ``key``, in order. Needs SORT (RFC 5256); ``part`` needs CONTEXT=SORT (RFC 5267).

        Raises Refused, BADCHARSET where the server can't search for other than ASCII terms.
        """
        want = Numbers("SORT")
        await self._run("UID SORT", *sort_arguments(by, key, part=part), want=want)
        if want.esearch is None:
            return tuple(want.numbers)
        found = want.esearch
        return _expanded(found.partial.order if found.partial is not None else found.order, found)

    async def search_newest(self, key: SearchKey, count: int) -> UidSet:
        """The ``count`` matches of the highest UIDs. Needs PARTIAL (RFC 9394), and ESEARCH."""
        utf8 = "UTF8=ACCEPT" in self.capabilities.enabled
        want = Numbers("SEARCH")
        args = search_arguments(key, utf8_enabled=utf8)
        await self._run("UID SEARCH", partial(Part(-1, -count)), *args, want=want)
        found = want.esearch
        if found is None:
            return UidSet.of(want.numbers)
        return UidSet.of(_expanded(found.partial.order, found)) if found.partial is not None else UidSet()


def _expanded(order: Sequence[Range], found: Esearch) -> tuple[int, ...]:
    """Each range in rising order (RFC 5267 section 3.2). Numbers that are no UIDs would name other messages."""
    if not found.uid and order:
        raise ProtocolViolation("the mail server answered a search for UIDs with message numbers")
    if sum(high - low + 1 for low, high in order) > limits.MAX_EXPANDED:
        raise ProtocolViolation("the mail server found too many messages")
    return tuple(uid for low, high in order for uid in range(low, high + 1))
