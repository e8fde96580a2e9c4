"""Messages of a folder from the oldest on, at a cost that does not grow with what was passed already."""

from __future__ import annotations

from gateway.imap.encode.search_key import And, SeqIn
from gateway.imap.mailbox import Mailbox
from gateway.imap.session import Session
from gateway.imap.uids import SequenceSet
from gateway.mail.filter import Plan
from gateway.mail.find import find
from gateway.mail.window import Look, Looked, count_below


async def rising(
    session: Session, mailbox: Mailbox, above: int, limit: int, search: Plan | None
) -> tuple[tuple[int, ...], int | None]:
    """The ``limit`` lowest UIDs over ``above`` that match, rising, and over which to go on; None: nothing is left.

    As a page does, it pauses after ``search.most`` messages looked at: with fewer UIDs, even none, and a position.
    """

    async def look(window: SequenceSet, wanted: int) -> Looked:
        within = SeqIn(window)
        return Looked(await find(session, within if search is None else And((within, search.key))))

    step, most = (search.step, search.most) if search is not None else (limit + 1, mailbox.exists + 1)
    return await climb(session, mailbox, above, limit, look, step=step, most=most)


async def climb(
    session: Session, mailbox: Mailbox, above: int, limit: int, look: Look, *, step: int, most: int
) -> tuple[tuple[int, ...], int | None]:
    """UIDs over ``above`` that ``look`` finds, rising, and over which to go on: ``walk()`` the other way.

    After ``most`` messages looked at it stops, with fewer hits than asked for and a position to go on from.
    """
    exists = mailbox.exists
    low = (await count_below(session, exists, above + 1) if above else 0) + 1
    hits: list[int] = []
    looked = 0
    while low <= exists and len(hits) <= limit and looked < most:
        high, before = min(exists, low + step - 1), mailbox.exists
        found = await look(SequenceSet.span(low, high), limit + 1 - len(hits))
        moved = max(0, before - mailbox.exists)  # messages went: those after them have moved up by so much at most
        exists, high = min(exists, mailbox.exists), max(0, high - moved)
        floor = hits[-1] if hits else above
        hits += [uid for uid in found.uids if uid > floor]
        if found.up_to is not None and len(hits) <= limit:
            return tuple(hits), max(above, found.up_to)
        looked, low, step = looked + high - low + 1, high + 1, step * 4
    if len(hits) > limit:
        return tuple(hits[:limit]), hits[limit - 1]
    if low > exists:
        return tuple(hits), None
    edge = await find(session, SeqIn(SequenceSet.of((low - 1,))))
    return tuple(hits), max((above, *edge, *hits))
