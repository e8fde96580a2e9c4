"""Messages of a folder from the oldest on, at a cost that does not grow with what was passed already."""

from __future__ import annotations

from gateway.imap.encode.search_key import And, SeqIn
from gateway.imap.mailbox import Mailbox
from gateway.imap.session import Session
from gateway.imap.uids import SequenceSet
from gateway.mail.filter import Plan
from gateway.mail.find import find
from gateway.mail.window import count_below


async def rising(
    session: Session, mailbox: Mailbox, above: int, limit: int, search: Plan | None
) -> tuple[tuple[int, ...], int | None]:
    """The ``limit`` lowest UIDs over ``above`` that match, rising, and over which to go on; None: nothing is left.

    As a page does, it pauses after ``search.most`` messages looked at: with fewer UIDs, even none, and a position.
    """
    exists = mailbox.exists
    low = (await count_below(session, exists, above + 1) if above else 0) + 1
    step, most = (search.step, search.most) if search is not None else (limit + 1, exists + 1)
    hits: list[int] = []
    looked = 0
    while low <= exists and len(hits) <= limit and looked < most:
        high = min(exists, low + step - 1)
        window = SeqIn(SequenceSet.span(low, high))
        found = await find(session, window if search is None else And((window, search.key)))
        floor = hits[-1] if hits else above
        hits += [uid for uid in found if uid > floor]
        looked, low, step = looked + high - low + 1, high + 1, step * 4
    if len(hits) > limit:
        return tuple(hits[:limit]), hits[limit - 1]
    if low > exists:
        return tuple(hits), None
    edge = await find(session, SeqIn(SequenceSet.of((low - 1,))))
    return tuple(hits), max((above, *edge, *hits))
