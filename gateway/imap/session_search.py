"""Searches of the selected mailbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from gateway.errors import ProtocolViolation
from gateway.imap.encode.arg import word
from gateway.imap.encode.search_key import ReturnOption, SearchKey, is_ascii, search_arguments, search_key
from gateway.imap.response import Esearch
from gateway.imap.routing_numbers import Forest, Numbers
from gateway.imap.session_core import Core
from gateway.imap.uids import SequenceSet, UidSet

ThreadAlgorithm = Literal["REFS", "REFERENCES"]


class SearchResult(Struct, frozen=True):
    """What was asked for, and what else came with it. ``uids`` is None where ALL was not asked for and not given.

    ``min`` and ``max`` are None where nothing was found; ``modseq`` is the highest of the messages found (CONDSTORE).
    """

    uids: UidSet | None
    min: int | None = None
    max: int | None = None
    count: int | None = None
    modseq: int | None = None


class Searching(Core):
    async def search(self, key: SearchKey, *, ret: Sequence[ReturnOption] = ("ALL",)) -> SearchResult:
        """UIDs that match ``key``. Without ESEARCH all of ``SearchResult`` is worked out from the whole answer.

        Raises Refused, BADCHARSET where the server can't search for other than ASCII terms.
        """
        returns = tuple(ret) if self.capabilities.has("ESEARCH") else None
        utf8 = "UTF8=ACCEPT" in self.capabilities.enabled
        want = Numbers("SEARCH")
        await self._run("UID SEARCH", *search_arguments(key, returns=returns, utf8_enabled=utf8), want=want)
        if want.esearch is not None:
            return _from_esearch(want.esearch, ret)
        uids = UidSet.of(want.numbers)
        return SearchResult(uids, uids.first, uids.last, len(uids), want.modseq)

    async def thread(self, algorithm: ThreadAlgorithm, key: SearchKey) -> tuple[tuple[int, ...], ...]:
        """The UIDs that match ``key``, those of one thread together. Needs THREAD= of that name (RFC 5256 section 3).

        Raises Refused, BADCHARSET where the server can't search for other than ASCII terms.
        """
        want = Forest()
        charset = b"US-ASCII" if is_ascii(key) else b"UTF-8"
        await self._run("UID THREAD", word(algorithm.encode("ascii")), word(charset), search_key(key), want=want)
        found = want.found.threads if want.found is not None else ()
        return tuple(tuple(uid for _, uid in members if uid is not None) for members in found)


def _from_esearch(found: Esearch, ret: Sequence[ReturnOption]) -> SearchResult:
    """RFC 9051 section 7.3.4: what was not found is left out. Numbers that are no UIDs would name other messages."""
    if isinstance(found.all, SequenceSet):
        raise ProtocolViolation("the mail server answered a search for UIDs with message numbers")
    uids = found.all
    if uids is None and "ALL" in ret:
        uids = UidSet()
    count = found.count if found.count is not None else (len(uids) if uids is not None else None)
    first = found.min if found.min is not None or uids is None else uids.first
    last = found.max if found.max is not None or uids is None else uids.last
    return SearchResult(uids, first, last, count, found.modseq)
