"""One page out of what several folders have to show, and where each of them goes on: pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from gateway.imap.name import MailboxName
from gateway.mail.rank import Rank
from gateway.sync.search_cursor import MAX_ANCHORS, Place, mark_of


class Hit(Struct, frozen=True):
    """A message that was found; ``rank`` is empty where there is nothing to compare it with."""

    uid: int
    rank: Rank = ()


class Lead(Struct, frozen=True):
    """What one folder has to show: ``hits`` in order, found under ``place``.

    ``below``: UIDs under it were not looked at yet (None: all were); no hit of them is expected before ``rest``,
    which is None where that is not known. ``more``: there are further hits, known to come after these.
    """

    name: MailboxName
    place: Place
    hits: tuple[Hit, ...] = ()
    below: int | None = None
    rest: Rank | None = None
    more: bool = False
    sorted: bool = False


class Chosen(Struct, frozen=True):
    """``picked``: the page as (number of the lead, hit), in order. ``places``: where folders go on, by mark."""

    picked: tuple[tuple[int, Hit], ...]
    places: tuple[Place, ...]


def merge(leads: Sequence[Lead], limit: int) -> Chosen:
    """The first ``limit`` hits of all.

    A folder that has shown all it knows of, but was not searched to its end, holds back what comes after it: the
    page ends there, and the folder goes on in the next one.
    """
    taken = [0] * len(leads)
    picked: list[tuple[int, Hit]] = []
    while len(picked) < limit:
        waiting = [(lead.hits[taken[n]].rank, n) for n, lead in enumerate(leads) if taken[n] < len(lead.hits)]
        if not waiting:
            break
        rank, number = min(waiting)
        if _held_back(leads, taken, rank):
            break
        picked.append((number, leads[number].hits[taken[number]]))
        taken[number] += 1
    places = [place for lead, count in zip(leads, taken, strict=True) if (place := _next(lead, count)) is not None]
    return Chosen(tuple(picked), tuple(sorted(places, key=lambda place: place.mark)))


def _held_back(leads: Sequence[Lead], taken: Sequence[int], rank: Rank) -> bool:
    open_ended = (lead for n, lead in enumerate(leads) if taken[n] == len(lead.hits) and lead.below is not None)
    return any(lead.rest is None or lead.rest < rank for lead in open_ended)


def _next(lead: Lead, count: int) -> Place | None:
    """None: nothing is left in the folder."""
    place = lead.place
    left = count < len(lead.hits) or lead.more or lead.below is not None
    if not left:
        return None
    if lead.sorted:
        given = tuple(hit.uid for hit in lead.hits[:count])
        anchors = (*place.anchors, *given)[-MAX_ANCHORS:]
        return Place(place.mark, place.uidvalidity, place.below, place.given + count, anchors)
    if count < len(lead.hits):
        below = lead.hits[count - 1].uid if count else lead.hits[0].uid + 1
    else:
        below = lead.below if lead.below is not None else lead.hits[-1].uid
    return Place(place.mark, place.uidvalidity, below)


def start(name: MailboxName, uidvalidity: int, uidnext: int) -> Place:
    """Where a folder begins."""
    return Place(mark_of(name.wire), uidvalidity, uidnext)
