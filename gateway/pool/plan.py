"""The pool's one decision, pure: what is to be done for who waits longest, given how things are. I/O comes after."""

from __future__ import annotations

from enum import Enum
from typing import Final, TypeAlias

from msgspec import Struct

from gateway.errors import GatewayError, TooManyRequests
from gateway.imap.name import MailboxName
from gateway.pool.budget import Budget
from gateway.pool.key import AccountKey


class State(Enum):
    """Of a connection. Every state counts: the server knows of it until it is gone."""

    OPENING = "opening"
    IDLE = "idle"
    LENT = "lent"
    SETTLING = "settling"
    CLOSING = "closing"


class Slot(Struct, frozen=True):
    """A connection as the decision sees it.

    ``watch``: it watches, or was opened to. ``bulk``: it was lent for bulk work. ``fit``: alive, and neither it nor its
    credential is past its time. ``stale``: a newer credential of its account was seen. ``used_at``: when it was last
    used, of one monotonic clock.
    """

    number: int
    key: AccountKey
    state: State
    watch: bool
    fit: bool
    stale: bool
    mailbox: MailboxName | None
    used_at: float
    bulk: bool = False


class Ask(Struct, frozen=True):
    """A connection that is wanted; ``mailbox``: it is best if it has this one selected.

    ``bulk``: for work that nobody looks at while it goes on, and that yields to what somebody waits for.
    """

    key: AccountKey
    watch: bool = False
    mailbox: MailboxName | None = None
    bulk: bool = False


class Scene(Struct, frozen=True):
    """How things are for one user of one mail server.

    ``refusal``: why none may be opened now. ``room``: the process may have one more connection; if not, ``victim`` is
    the idle connection of somebody else that would be missed least.
    """

    slots: tuple[Slot, ...]
    budget: Budget
    refusal: GatewayError | None = None
    room: bool = True
    victim: int | None = None


class Lend(Struct, frozen=True):
    number: int


class Open(Struct, frozen=True):
    pass


class Evict(Struct, frozen=True):
    """Close this idle connection; ask again when it is gone."""

    number: int


class Wait(Struct, frozen=True):
    """``full``: only the process's own limit is in the way."""

    full: bool = False


class Yield(Struct, frozen=True):
    """Bulk work has its share: whoever comes after goes first."""


class Refuse(Struct, frozen=True):
    error: GatewayError


Action: TypeAlias = Lend | Open | Evict | Wait | Yield | Refuse


def decide(ask: Ask, scene: Scene) -> Action:
    """What to do for the one who is next."""
    watchers = sum(slot.watch for slot in scene.slots)
    if ask.watch and _watching(scene) >= scene.budget.watchers:
        return Refuse(TooManyRequests("the account's connections leave no room for another watcher", retry_after=30))
    if ask.bulk and _at_bulk(scene) >= max(1, scene.budget.pool(watchers) - 1):
        return Yield()
    fitting = _fitting(ask, scene)
    if fitting is not None:
        return Lend(fitting.number)
    if scene.refusal is not None:
        return Wait() if _worth_waiting(ask, scene) else Refuse(scene.refusal)
    if any(slot.state is State.OPENING for slot in scene.slots):
        return Wait()
    pooled = len(scene.slots) - watchers
    own_room = len(scene.slots) < scene.budget.allowed and (ask.watch or pooled < scene.budget.pool(watchers))
    if own_room and scene.room:
        return Open()
    if any(slot.state is State.CLOSING for slot in scene.slots):
        return Wait(full=own_room)
    spare = _spare(scene)
    if spare is not None:
        return Evict(spare)
    if own_room and scene.victim is not None:
        return Evict(scene.victim)
    return Wait(full=own_room)


HANDICAP: Final = 16
"""So many who come later go before bulk work, and no more: so neither starves the other."""


def rank(arrival: int, ask: Ask) -> int:
    """The place in the queue, the lowest first, of the n-th who came for a connection."""
    return arrival + (HANDICAP if ask.bulk else 0)


def _at_bulk(scene: Scene) -> int:
    """Connections at bulk work. One is left for the rest wherever there are two (docs/decisions/0018-limits.md)."""
    return sum(slot.bulk and slot.state in (State.LENT, State.SETTLING) for slot in scene.slots)


def _watching(scene: Scene) -> int:
    """Watchers at work; one that is opened to watch is for whoever asks for it."""
    return sum(slot.watch and slot.state not in (State.OPENING, State.IDLE) for slot in scene.slots)


def _fitting(ask: Ask, scene: Scene) -> Slot | None:
    """With the mailbox selected, else with none selected, else the one unused longest: its mailbox is missed least."""
    idle = [slot for slot in scene.slots if slot.state is State.IDLE and slot.fit and slot.key == ask.key]
    idle = [slot for slot in idle if ask.watch or not slot.watch]
    return min(
        idle,
        key=lambda slot: (slot.mailbox != ask.mailbox, slot.mailbox is not None, slot.used_at),
        default=None,
    )


def _worth_waiting(ask: Ask, scene: Scene) -> bool:
    """One that is in use or on its way can be had later, though no other may be opened now."""
    coming = (State.OPENING, State.LENT, State.SETTLING)
    theirs = [slot for slot in scene.slots if slot.key == ask.key and (ask.watch or not slot.watch)]
    return any(slot.fit and slot.state in coming for slot in theirs)


def _spare(scene: Scene) -> int | None:
    """An idle connection of the same user that the one who waits can't use: past its time, then stale, then oldest.

    One that was opened to watch is idle only for as long as it takes to hand it over.
    """
    idle = [slot for slot in scene.slots if slot.state is State.IDLE and not slot.watch]
    spare = min(idle, key=lambda slot: (slot.fit, not slot.stale, slot.used_at), default=None)
    return None if spare is None else spare.number
