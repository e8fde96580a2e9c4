"""Deletions where the server does not tell them: by samples (docs/sync.md), rising by UID, up to any number of them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from gateway.errors import StateTooOld
from gateway.imap.encode.fetch_item import Item
from gateway.imap.encode.search_key import SeqIn, UidIn
from gateway.imap.session import Session
from gateway.imap.uids import SequenceSet, UidSet
from gateway.mail.find import find
from gateway.mail.fresh import RECOUNTS
from gateway.mail.snapshot import opened
from gateway.mail.window import count_below
from gateway.sync.samples import Block, dirty_blocks, told_all, told_down_to
from gateway.sync.state import FolderState

NAMED = 50_000
"""A block with more numbers that name no message is settled by listing all messages, for the client to subtract."""
LONGEST = 20_000
"""More messages than this are not listed so: reading the folder again costs less."""
LISTED = 20_000
"""UIDs that are listed at once where the answer names each (no ESEARCH)."""
LISTINGS = 16
"""How often one answer lists some."""


class Deletions(Struct, frozen=True):
    """UIDs that are gone, rising. ``state``: where the client is then; None: as the folder is now.

    ``present``, unless None: instead of naming any, all that are left of the messages that the client knew.
    """

    gone: list[int] = field(default_factory=list)
    state: FolderState | None = None
    present: list[int] | None = None


class _Numbers(Struct, frozen=True):
    """Where the samples are now, and how many messages are below the state's UIDNEXT and below what was told."""

    at: Mapping[int, int]
    remaining: int
    counted: int


async def deletions(session: Session, old: FolderState, now: FolderState, created: int, room: int) -> Deletions:
    """What was deleted of the messages that ``old`` knows, at most ``room`` of it. Raises StateTooOld."""
    if not old.exists or (_untouched(session, old, now, created) and old.exists + created == now.exists):
        return Deletions()
    if room <= 0:
        return Deletions(state=old)
    numbers = await _numbers(session, old)
    blocks = [
        block
        for block in dirty_blocks(old, numbers.at, numbers.remaining, numbers.counted)
        if block.uid_hi - block.uid_lo > 1
    ]
    if any(block.present is None or block.uid_hi - block.uid_lo - 1 - block.present > NAMED for block in blocks):
        return await _left(session, old)
    walk = _Walk(session, room)
    for block in blocks:
        uid = await walk.through(block)
        if uid < block.uid_hi - 1:
            kept = min(walk.kept, block.present or 0)
            state = told_down_to(old, numbers.at, numbers.counted, block, uid, kept)
            return Deletions(walk.gone, state)
    if old.lost is None:
        return Deletions(walk.gone)
    return Deletions(walk.gone, told_all(old, numbers.at, numbers.counted, numbers.remaining))


def _untouched(session: Session, old: FolderState, now: FolderState, created: int) -> bool:
    """Whether numbers of messages can be compared: all known, and none told of since the folder was opened.

    Where UIDs between the states name no message, some of those that came may have gone unsaid: fewer ``created``
    would then make up for a deletion.
    """
    whole = created == now.uidnext - old.uidnext
    return whole and old.lost is None and bool(old.uidnext) and not opened(session).version


async def _numbers(session: Session, old: FolderState) -> _Numbers:
    """Of one moment.

    Since the folder was opened the server may have told of more deletions. Sums of old and new numbers would hide or
    invent some, so all are of one FETCH: what it tells too early is told once more. What is told behind its answer, new
    messages above all, is not counted in.
    """
    for _ in range(RECOUNTS):
        mailbox = opened(session)
        version, remaining, seqs, counted, whole = mailbox.version, 0, dict[int, int](), 0, True
        if mailbox.exists:
            counted = 0 if old.lost is None else await count_below(session, mailbox.exists, old.lost.low)
            top = max(1, old.uidnext)
            samples = UidSet.of(uid for uid, _ in old.samples)
            got = await session.fetch(samples.union(UidSet.from_(top)), (Item.UID,))
            seqs = {uid: fetched.seq for uid, fetched in got.messages.items() if uid < top}
            first = min((uid for uid in got.messages if uid >= top), default=None)
            remaining = got.messages[first].seq - 1 if first else max(got.strayed, *seqs.values(), 0)
            whole = first in (None, top) or await _ends_below(session, remaining, top)
        if whole and (old.lost is None or opened(session).version == version):
            return _Numbers(seqs, remaining, counted)
        await session.noop()
    raise _too_much()


async def _ends_below(session: Session, seq: int, top: int) -> bool:
    """Whether the message of that number is below the UID ``top``: a new one that is gone may hold it still (Cyrus)."""
    found = await find(session, SeqIn(SequenceSet.of((seq,)))) if seq else []
    return not seq or any(uid < top for uid in found)


class _Walk(Struct):
    """From block to block; ``kept``: how many messages were seen in the last one."""

    session: Session
    room: int
    gone: list[int] = field(default_factory=list)
    kept: int = 0
    listings: int = 0

    async def through(self, block: Block) -> int:
        """The UID up to which all that is gone was named."""
        self.kept = 0
        step = block.uid_hi if self.session.capabilities.has("ESEARCH") else LISTED
        low = block.uid_lo + 1
        while low < block.uid_hi:
            room = self.room - len(self.gone)
            if room <= 0 or self.listings >= LISTINGS:
                return low - 1
            uids = UidSet.span(low, min(block.uid_hi - 1, low + step - 1))
            there = ((await self.session.search(UidIn(uids))).uids or UidSet()).intersect(uids)
            self.listings += 1
            holes = uids.subtract(there)
            named = next(holes.batches(room), UidSet())
            self.gone += named
            last = (named.last if len(named) < len(holes) else uids.last) or low
            self.kept += len(there.intersect(UidSet.span(low, last)))
            low = last + 1
        return low - 1


async def _left(session: Session, old: FolderState) -> Deletions:
    if opened(session).exists > LONGEST:
        raise _too_much()
    known = UidSet.span(1, old.uidnext - 1)
    there = await find(session, UidIn(known)) if known and opened(session).exists else []
    return Deletions(present=[uid for uid in there if uid in known])


def _too_much() -> StateTooOld:
    return StateTooOld("too much changed since this state; read the folder again", field="since")
