"""Pages of a folder, newest first, at a cost that does not grow with the folder.

A page is the messages below a UID. In a dense folder they are the UIDs just below it: one FETCH. Where there are
holes, sequence numbers (which have none) tell which UIDs come next: one SEARCH of a few numbers more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from gateway.errors import ProtocolViolation, StateTooOld
from gateway.imap.encode.search_key import And, SearchKey, SeqIn
from gateway.imap.mailbox import Mailbox
from gateway.imap.response import Fetched
from gateway.imap.session import Session
from gateway.imap.uids import SequenceSet, UidSet
from gateway.mail.find import find, find_newest

PROBES = 64
RECOUNTS = 20
"""How often messages are counted anew because others went meanwhile."""

Fetch = Callable[[UidSet], Awaitable[dict[int, Fetched]]]
"""What there is of some UIDs, by UID: FLAGS at least."""


class Window(Struct, frozen=True):
    """Messages by descending UID; ``below`` continues, None: nothing is left."""

    messages: tuple[Fetched, ...]
    below: int | None


async def newest(session: Session, mailbox: Mailbox, below: int, limit: int, fetch: Fetch) -> Window:
    """The ``limit`` messages with the highest UIDs under ``below``."""
    found: dict[int, Fetched] = {}
    if mailbox.exists and below > 1:
        low = max(1, below - limit)
        found = await fetch(UidSet.span(low, below - 1))
        if len(found) < limit and low > 1:
            position = (
                min(f.seq for f in found.values()) - 1 if found else await count_below(session, mailbox.exists, low)
            )
            uids = await _at(session, position, limit - len(found), low)
            found |= await fetch(uids) if uids else {}
    return _window(found, limit)


class Looked(Struct, frozen=True):
    """UIDs that match, rising. ``down_to``: of the window, UIDs less than this were not looked at.

    ``up_to``: nor those greater than this, where it is looked at from the oldest on.
    """

    uids: Sequence[int]
    down_to: int | None = None
    up_to: int | None = None


Look = Callable[[SequenceSet, int], Awaitable[Looked]]
"""Searches some of the folder's positions; so many matches, of those that come first, are enough."""


async def matching(
    session: Session, mailbox: Mailbox, below: int, limit: int, key: SearchKey, *, step: int, most: int
) -> tuple[tuple[int, ...], int | None]:
    """UIDs under ``below`` that match ``key``, descending, and where to go on; at the cost that ``walk()`` has."""

    async def look(window: SequenceSet, wanted: int) -> Looked:
        return Looked(await find_newest(session, And((SeqIn(window), key)), below, wanted))

    return await walk(session, mailbox, below, limit, look, step=step, most=most)


async def walk(
    session: Session, mailbox: Mailbox, below: int, limit: int, look: Look, *, step: int, most: int
) -> tuple[tuple[int, ...], int | None]:
    """UIDs under ``below`` that ``look`` finds, descending, and where to go on.

    The folder is searched in windows from the top, each four times the last, so that the newest hits cost what they
    cost. After ``most`` messages looked at it stops, with fewer hits than asked for and a position to go on from.
    """
    top = mailbox.exists if mailbox.uidnext is not None and below >= mailbox.uidnext else None
    top = await count_below(session, mailbox.exists, below) if top is None else top
    hits: list[int] = []
    looked = 0
    while top > 0 and len(hits) <= limit and looked < most:
        low = max(1, top - step + 1)
        found = await look(SequenceSet.span(low, top), limit + 1 - len(hits))
        lowest = hits[-1] if hits else below  # positions move where messages go: what was seen is not seen again
        hits += [uid for uid in reversed(found.uids) if uid < lowest]
        if found.down_to is not None and len(hits) <= limit:
            return tuple(hits), found.down_to
        looked, top, step = looked + top - low + 1, low - 1, step * 4
    if len(hits) > limit:
        return tuple(hits[:limit]), hits[limit - 1]
    if top <= 0:
        return tuple(hits), None
    edge = await find(session, SeqIn(SequenceSet.of((top + 1,))))
    return tuple(hits), min((*edge, *hits), default=None)


async def count_below(session: Session, exists: int, uid: int) -> int:
    """How many messages have a UID under ``uid``: found by asking for the UIDs at a few positions at a time.

    A message that somebody else has expunged keeps its position until the session is told, but Cyrus finds it no more.
    Where it is missed so, the server is made to tell (NOOP), and all is counted anew.
    """
    for _ in range(RECOUNTS):
        below = await _counted(session, exists, uid)
        if below is not None:
            return below
        await session.noop()
        if session.mailbox is None or not session.mailbox.exists:
            return 0
        exists = session.mailbox.exists
    raise StateTooOld("the folder changes faster than its messages can be counted")


async def _counted(session: Session, exists: int, uid: int) -> int | None:
    """None where a position was without a message."""
    low, high = 0, exists  # at most `high` messages are below; the first `low` are
    while low < high:
        step = max(1, (high - low) // PROBES)
        probes = tuple(range(low + 1, high + 1, step))
        uids = await find(session, SeqIn(SequenceSet.of(probes)))
        if len(uids) > len(probes):
            raise ProtocolViolation("the mail server found more messages than were asked for")
        if len(uids) != len(probes):
            return None
        under = sum(1 for found in uids if found < uid)
        low, high = (probes[under - 1] if under else low), (probes[under] - 1 if under < len(probes) else high)
    return low


async def _at(session: Session, position: int, count: int, under: int) -> UidSet:
    """UIDs of the ``count`` messages up to sequence number ``position``."""
    if position < 1:
        return UidSet.of(())
    found = await find(session, SeqIn(SequenceSet.span(max(1, position - count + 1), position)))
    return UidSet.of(uid for uid in found if uid < under)


def _window(found: dict[int, Fetched], limit: int) -> Window:
    ordered = tuple(found[uid] for uid in sorted(found, reverse=True)[:limit])
    if not ordered or ordered[-1].seq <= 1:
        return Window(ordered, None)
    return Window(ordered, ordered[-1].uid)
