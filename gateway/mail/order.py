"""What one open folder has to show of a search: newest first, or sorted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gateway.imap.encode.fetch_item import FetchItem, Item
from gateway.imap.encode.search_key import SearchKey, SeqIn, UidIn
from gateway.imap.encode.sort_key import Part
from gateway.imap.mailbox import Mailbox
from gateway.imap.name import MailboxName
from gateway.imap.response import Fetched
from gateway.imap.session import Session
from gateway.imap.uids import SequenceSet, UidSet
from gateway.mail.logic import NEVER, all_of
from gateway.mail.look import Looker
from gateway.mail.merge import Hit, Lead
from gateway.mail.rank import Rank, rank_items, rank_of, sort_keys
from gateway.mail.search_request import Comparator
from gateway.sync.search_cursor import MAX_ANCHORS, Place

SORTED: Final = 200_000
"""Messages of a folder, the newest, that the server is asked to sort at once."""
SORTED_HERE: Final = 2_000
"""Messages that the gateway sorts itself where the server can't."""
NEWEST: Final = (Comparator(property="receivedAt", is_ascending=False),)
Looking = Callable[[UidSet], Looker]
"""Makes a search that also finds certain messages."""


async def newest(session: Session, name: MailboxName, looker: Looker, place: Place, limit: int, *, alone: bool) -> Lead:
    """The newest hits under ``place``; ``alone``: there is no other folder to compare them with."""
    uids, below = await looker.newest(place.below, limit)
    if alone:
        return Lead(name, place, tuple(Hit(uid) for uid in uids), below)
    ranks = await _ranks(session, (*uids, *(() if below is None else (below,))), NEWEST)
    hits = tuple(Hit(uid, ranks[uid]) for uid in uids if uid in ranks)
    return Lead(name, place, hits, below, None if below is None else ranks.get(below))


async def ordered(
    session: Session,
    mailbox: Mailbox,
    looking: Looking,
    place: Place,
    limit: int,
    order: Sequence[Comparator],
    *,
    alone: bool,
) -> tuple[Lead, bool]:
    """The hits after ``place`` in ``order``, and whether all that match were sorted."""
    looker = looking(UidSet.of(place.anchors))
    if looker.key == NEVER or place.below <= 1:
        return Lead(mailbox.name, place, sorted=True), True
    by_server = session.capabilities.has("SORT") and not looker.leaves
    sort = _sorted_there if by_server else _sorted_here
    uids, whole = await sort(session, mailbox, looker, place, limit, order)
    shown = uids[: limit + 1]
    ranks: dict[int, Rank] = {} if alone else await _ranks(session, shown, order)
    hits = tuple(Hit(uid, ranks.get(uid, ())) for uid in shown if alone or uid in ranks)
    return Lead(mailbox.name, place, hits, more=len(uids) > len(shown), sorted=True), whole


async def _sorted_there(
    session: Session, mailbox: Mailbox, looker: Looker, place: Place, limit: int, order: Sequence[Comparator]
) -> tuple[Sequence[int], bool]:
    """By SORT, of the newest messages; only the part that is wanted where the server has CONTEXT=SORT."""
    by = sort_keys(order, session.capabilities)
    keys: list[SearchKey] = [UidIn(UidSet.span(1, place.below - 1)), looker.key]
    most = min(SORTED, looker.effort.most)
    whole = mailbox.exists <= most
    if not whole:
        keys.insert(0, SeqIn(SequenceSet.span(mailbox.exists - most + 1, mailbox.exists)))
    key = all_of(keys)
    if session.capabilities.has("CONTEXT=SORT"):
        first = max(1, place.given - 2 * MAX_ANCHORS)
        near = await session.sort(key, by, part=Part(first, place.given + limit + 2 * MAX_ANCHORS))
        if not place.anchors or set(place.anchors) & set(near):
            return _after(near, place), whole
    return _after(await session.sort(key, by), place), whole


async def _sorted_here(
    session: Session, mailbox: Mailbox, looker: Looker, place: Place, limit: int, order: Sequence[Comparator]
) -> tuple[Sequence[int], bool]:
    """By what is fetched of the newest hits."""
    uids, below = await looker.newest(place.below, SORTED_HERE)
    ranks = await _ranks(session, uids, order)
    return _after(sorted(ranks, key=lambda uid: (ranks[uid], uid)), place), below is None


def _after(uids: Sequence[int], place: Place) -> Sequence[int]:
    """What comes after the last message shown; where that is gone, after the one before it."""
    for anchor in reversed(place.anchors):
        if anchor in uids:
            return uids[uids.index(anchor) + 1 :]
    return uids[max(0, place.given - len(place.anchors)) :]


async def _ranks(session: Session, uids: Sequence[int], order: Sequence[Comparator]) -> dict[int, Rank]:
    wanted = UidSet.of(uids)
    items: tuple[FetchItem, ...] = (Item.UID, *rank_items(order))
    found: dict[int, Fetched] = (await session.fetch(wanted, items)).messages if wanted else {}
    return {uid: rank_of(message, order) for uid, message in found.items() if uid in wanted}
