"""Changed flags since a state, and where the server tells them so, deletions: rising by UID, up to any number of them.

With mod-sequences (RFC 7162) the server is asked for no more than about one answer takes, however many changed. Without
them the flags of the newest messages are compared with a digest in the state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from gateway.imap.encode.fetch_item import Item
from gateway.imap.encode.search_key import And, ModSeq, SeqIn, UidIn
from gateway.imap.session import Session
from gateway.imap.uids import SequenceSet, UidSet
from gateway.mail.find import find
from gateway.mail.snapshot import opened, sync_mode
from gateway.mail.summary import keywords
from gateway.sync.state import FLAGS_OCTETS, FolderState, Late

WINDOW = 100
"""How many of the newest messages the ``window`` mode compares flags of."""
LOOKED = 2_000
"""Most changed messages that are held at once."""
LOOKS = 16
"""How often one answer asks for so many."""


class FlagChanges(Struct):
    """``modseq`` and ``flags`` are what the client's state has then, with ``late`` still to be told.

    ``oldest``: the oldest message that was looked at, where not all were. ``looked``: they were as they are now.
    """

    modseq: int
    flags: bytes = b""
    late: Late | None = None
    updated: list[tuple[int, list[str]]] = field(default_factory=list)
    vanished: list[int] = field(default_factory=list)
    oldest: int | None = None
    looked: bool = True

    @property
    def told(self) -> int:
        return len(self.updated) + len(self.vanished)


Window: TypeAlias = Sequence[tuple[int, list[str]]]
"""UIDs and flags of the newest messages, rising."""
Told: TypeAlias = Mapping[int, list[str]]
"""Flags by UID."""


async def flag_window(session: Session) -> Window:
    """What the ``window`` mode compares. To be asked for before new messages are: what happens to them in between then
    differs from what was compared."""
    exists = opened(session).exists
    newest = await find(session, SeqIn(SequenceSet.span(max(1, exists - WINDOW + 1), exists))) if exists else []
    uids = UidSet.of(newest[-WINDOW:])
    got = (await session.fetch(uids, (Item.UID, Item.FLAGS))).messages if uids else {}
    return [(uid, keywords(got[uid].flags or ())) for uid in sorted(got) if uid in uids]


async def flag_changes(
    session: Session, old: FolderState, now: FolderState, room: int, window: Window | None, told: Told
) -> FlagChanges:
    """What changed of the messages that ``old`` knows, at most ``room`` of it; ``window`` where that is the mode.

    ``told``: flags of new messages, as the same answer tells them.
    """
    if window is not None:
        return _in_window(window, old, room, told)
    changes = FlagChanges(now.highestmodseq)
    owed = Late(old.highestmodseq, 1, old.uidnext - 1) if old.uidnext > 1 else None
    if old.late is not None:
        changes.modseq, owed = old.highestmodseq, old.late
    many = old.late is not None  # so the last answer was not enough
    for _ in range(LOOKS):
        if owed is None or (not now.exists and sync_mode(session) != "qresync"):
            return changes
        if room <= changes.told:
            break
        owed = await _look(session, owed, room - changes.told, changes, many=many)
        many = True
    changes.late = owed
    return changes


def owed(old: FolderState, now: FolderState) -> FolderState:
    """``old`` where nothing of its flags was told yet, but what comes from now on will be told from ``now``."""
    if old.late is not None or old.highestmodseq == now.highestmodseq:
        return old
    late = Late(old.highestmodseq, 1, old.uidnext - 1) if old.uidnext > 1 else None
    return replace(old, highestmodseq=now.highestmodseq, late=late)


async def _look(session: Session, owed: Late, room: int, changes: FlagChanges, *, many: bool) -> Late | None:
    """Tell up to ``room`` changes of the lowest UIDs; what is still owed then.

    Where ``many`` are expected they are counted first, and asked for in pieces; else what is too much is not kept.
    """
    qresync = sync_mode(session) == "qresync"
    high = await _enough(session, owed) if many else owed.high
    if high is None and not qresync:
        return None
    high = high or owed.high
    got = await session.fetch(
        UidSet.span(owed.low, high),
        (Item.UID, Item.FLAGS, Item.MODSEQ),
        changed_since=max(1, owed.modseq),
        vanished=qresync,
        most=LOOKED,
    )
    high = high if got.cut is None else got.cut - 1
    uids = UidSet.span(owed.low, high)
    flags = {uid: message.flags for uid, message in got.messages.items() if uid in uids and message.flags is not None}
    gone = got.vanished.intersect(uids)
    lowest = next(gone.batches(room), UidSet())
    told = sorted({*flags, *lowest})[:room]
    changes.updated += [(uid, keywords(flags[uid] or ())) for uid in told if uid in flags]
    changes.vanished += [uid for uid in told if uid not in flags]
    done = told[-1] if len(told) < len(flags) + len(gone) else high
    return Late(owed.modseq, done + 1, owed.high) if done < owed.high else None


async def _enough(session: Session, owed: Late) -> int | None:
    """The highest UID to ask for, so that at most ``LOOKED`` messages answer; None: none would."""
    if owed.high - owed.low < LOOKED:
        return owed.high
    key = And((UidIn(UidSet.span(owed.low, owed.high)), ModSeq(owed.modseq + 1)))
    found = await session.search(key, ret=("MIN", "COUNT"))
    if not found.count or found.min is None:
        return None
    if found.count <= LOOKED:
        return owed.high
    return min(owed.high, max(owed.low, found.min) + LOOKED - 1)


def _in_window(window: Window, old: FolderState, room: int, told: Told) -> FlagChanges:
    changes = FlagChanges(0, old.flags, old.late)
    digest = _digest([(uid, told.get(uid, flags)) for uid, flags in window])  # of what the client has then
    known = [(uid, flags) for uid, flags in window if uid < old.uidnext]
    changes.oldest = min((uid for uid, _ in known), default=None)
    if old.late is not None:
        waiting = [(uid, flags) for uid, flags in known if old.late.low <= uid <= old.late.high]
    else:
        waiting = known if digest != old.flags else []
        changes.flags = digest
    changes.updated, rest = waiting[:room], waiting[room:]
    changes.late = Late(0, rest[0][0], rest[-1][0]) if rest else None
    changes.looked = changes.flags == digest
    return changes


def _digest(flags: Window) -> bytes:
    """What tells these messages' flags from others; of none at all, too."""
    digest = blake2b(digest_size=FLAGS_OCTETS)
    for uid, words in flags:
        digest.update(f"{uid} {' '.join(words)}\n".encode())
    return digest.digest()
