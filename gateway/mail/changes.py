"""What changed in a folder since a state: one value, whether it is asked for or pushed.

Three modes, by what the server can tell (RFC 7162): ``qresync`` tells everything, ``condstore`` all but the deletions,
``window`` neither; deletions are then found by samples, flags are told for the newest messages. Telling too much
(a deletion of what the client never had, flags that are as they were) is harmless to ``apply``; telling too little
never happens inside the declared coverage.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from gateway.accounts.account import Account
from gateway.errors import IdExpired, StateTooOld
from gateway.imap.encode.fetch_item import Item
from gateway.imap.encode.search_key import And, SeqIn, UidIn
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.uids import SequenceSet, UidSet
from gateway.mail.address import id_of_folder, id_of_message
from gateway.mail.again import reading
from gateway.mail.desk import Desk
from gateway.mail.find import find
from gateway.mail.resource import Changes, Coverage, FlagUpdate, MessageSummary
from gateway.mail.roles import resolve
from gateway.mail.snapshot import opened, refresh, state_of, sync_mode
from gateway.mail.summary import keywords, summarise, summary_items
from gateway.mail.window import count_below
from gateway.sync.samples import Block, dirty_blocks
from gateway.sync.state import FolderState

WINDOW = 100
"""How many of the newest messages the ``window`` mode compares flags of."""
LISTED = 2_000
"""Where more UIDs than this are missing in a block, what is left in the folder is listed, for the client to subtract.

More than this that came and went since the state are not named: only a client whose pages are newer than its state
could have one of them.
"""

LONGEST = 20_000
"""More deletions, changed flags or messages to list than this are not told: reading the folder again costs less."""

RECOUNTS = 8
"""How often new messages are counted anew because others went meanwhile."""


@dataclass(frozen=True, slots=True)
class Deletions:
    """UIDs that are gone; and where they are too many to name, all UIDs of the client's that are left."""

    gone: UidSet
    present: tuple[int, ...] = ()
    settled: bool = True


@reading
async def changes(desk: Desk, account: Account, ref: str, *, since: str, max_changes: int) -> Changes:
    """What changed since a state token. Raises InvalidRequest, NotFound, IdExpired, StateTooOld."""
    old = FolderState.parse(since, field="since")
    name = await resolve(desk, account, ref)
    async with desk.stale(account, name) as session:
        await refresh(session)
        now = await state_of(session)
        return await changes_between(session, name, old, now, most=max_changes)


async def changes_between(
    session: Session, name: MailboxName, old: FolderState, now: FolderState, *, most: int
) -> Changes:
    """The way from ``old`` to ``now``, the state of the open mailbox.

    Raises IdExpired where the folder was rebuilt, StateTooOld where over ``LONGEST`` changes would have to be told.

    Where more than ``most`` messages are new, only the oldest of those are told and ``hasMore`` is true: the new state
    then claims nothing else, so that asking again with it goes on from there.
    """
    if old.uidvalidity != now.uidvalidity:
        raise IdExpired("the folder was rebuilt since this state", field="since")
    mode = sync_mode(session)
    created, passed, more = await _created(session, name, old, now, most)
    passed = passed if len(passed) <= LISTED else UidSet.of(())
    if more is not None:
        partial = replace(old, uidnext=more, exists=min(0xFFFF_FFFF, old.exists + len(created)))
        return _value(name, old, partial, mode, created=created, destroyed=_ids(name, now, passed), has_more=True)
    if mode != "window" and _same(old, now):
        return _value(name, old, now, mode, total=now.exists)
    updated, vanished, oldest = await _updated(session, name, old, now)
    deletions = Deletions(vanished) if mode == "qresync" else await _lost(session, old, now, len(created))
    if len(deletions.gone) > LONGEST:
        raise _too_much()
    coverage = Coverage(
        updated="window" if mode == "window" else "all",
        destroyed="all" if deletions.settled else "window",
        since=id_of_message(name, now.uidvalidity, oldest) if oldest else None,
        present=_ids(name, now, deletions.present),
    )
    return _value(
        name, old, now, mode, total=now.exists, coverage=coverage,
        created=created, updated=updated, destroyed=_ids(name, now, deletions.gone.union(passed)),
    )  # fmt: skip


async def _created(
    session: Session, name: MailboxName, old: FolderState, now: FolderState, most: int
) -> tuple[list[MessageSummary], UidSet, int | None]:
    """Summaries of new messages, oldest first; the UIDs of those that came and went; and where to go on from.

    Those that went are told, as a page may have shown them to the client. The last is None where all were told.
    """
    fresh = UidSet.span(max(1, old.uidnext), now.uidnext - 1)
    if not fresh or not now.exists:
        return [], fresh, None
    more: int | None = None
    if len(fresh) > most:
        there = [uid for uid in await _oldest(session, old.uidnext, most + 1) if uid in fresh]
        more = there[most] if len(there) > most else None
        fresh, passed = UidSet.of(there[:most]), UidSet.span(max(1, old.uidnext), (more or now.uidnext) - 1)
    else:
        passed = fresh
    got = (await session.fetch(fresh, summary_items(session))).messages if fresh else {}
    told = [uid for uid in sorted(got) if uid in fresh]
    return [summarise(name, now.uidvalidity, got[uid]) for uid in told], passed.subtract(UidSet.of(told)), more


async def _oldest(session: Session, low: int, count: int) -> list[int]:
    """Up to ``count`` UIDs from ``low`` on, rising.

    An EXPUNGE told meanwhile moves message numbers. So the last message before them is asked for too: where it is not
    below ``low`` some may have been passed over, and they are counted again.
    """
    for _ in range(RECOUNTS):
        below = await count_below(session, opened(session).exists, low)
        exists = opened(session).exists
        if not exists:
            return []
        first = max(1, min(below, exists))
        found = await find(session, SeqIn(SequenceSet.span(first, max(first, min(exists, below + count)))))
        if first == 1 or (found and found[0] < low):
            return [uid for uid in found if uid >= low]
    raise _too_much()


async def _updated(
    session: Session, name: MailboxName, old: FolderState, now: FolderState
) -> tuple[list[FlagUpdate], UidSet, int | None]:
    """Flags of older messages that changed, the UIDs that vanished, and the oldest UID looked at where not all were."""
    mode = sync_mode(session)
    known = UidSet.span(1, old.uidnext - 1) if old.uidnext > 1 else UidSet.of(())
    oldest: int | None = None
    if not known or (not now.exists and mode != "qresync"):
        return [], UidSet.of(()), None
    if mode == "window":
        exists = max(1, opened(session).exists)
        recent = SequenceSet.span(max(1, exists - WINDOW + 1), exists)
        window = await find(session, And((SeqIn(recent), UidIn(known))))
        known, oldest = UidSet.of(window), min(window, default=None)
        got = await session.fetch(known, (Item.UID, Item.FLAGS)) if known else None
    else:
        got = await session.fetch(
            known,
            (Item.UID, Item.FLAGS, Item.MODSEQ),
            changed_since=max(1, old.highestmodseq),
            vanished=mode == "qresync",
        )
    if got is None:
        return [], UidSet.of(()), oldest
    if len(got.messages) > LONGEST:
        raise _too_much()
    updates = [
        FlagUpdate(id=id_of_message(name, now.uidvalidity, uid), flags=keywords(fetched.flags))
        for uid, fetched in sorted(got.messages.items())
        if uid in known and fetched.flags is not None
    ]
    return updates, got.vanished.intersect(known), oldest


async def _lost(session: Session, old: FolderState, now: FolderState, created: int) -> Deletions:
    """Deletions without VANISHED, by samples (docs/sync.md).

    Since ``now`` the server may have told of more deletions. Then sums of old and new numbers would hide or invent
    some, so all are of one FETCH: what it tells too early is told once more.
    """
    mailbox = opened(session)
    if not old.exists or (not mailbox.version and old.uidnext and old.exists + created == now.exists):
        return Deletions(UidSet.of(()))
    remaining, seqs = mailbox.exists, dict[int, int]()
    if remaining:
        top = max(1, old.uidnext)
        samples = UidSet.of(uid for uid, _ in old.samples)
        got = await session.fetch(samples.union(UidSet.from_(top)), (Item.UID,))
        seqs = {uid: fetched.seq for uid, fetched in got.messages.items() if uid < top}
        newer = [fetched.seq for uid, fetched in got.messages.items() if uid >= top]
        remaining = min(newer) - 1 if newer else remaining
    return await _settle(session, dirty_blocks(old, seqs, remaining), old)


async def _settle(session: Session, blocks: Iterable[Block], old: FolderState) -> Deletions:
    gone = UidSet.of(())
    for block in blocks:
        if block.uid_hi - block.uid_lo <= 1:
            continue
        if block.present is None or block.present > LONGEST:
            raise _too_much()
        inside = UidSet.span(block.uid_lo + 1, block.uid_hi - 1)
        found = await find(session, UidIn(inside))
        if len(found) > LONGEST:
            raise _too_much()  # more than its message numbers made room for
        missing = inside.subtract(UidSet.of(found))
        if len(missing) > LISTED:
            return await _left(session, old)
        gone = gone.union(missing)
    return Deletions(gone)


async def _left(session: Session, old: FolderState) -> Deletions:
    """All that is left of what the client may have: where a block begins and ends it could not tell by its ids."""
    if opened(session).exists > LONGEST:
        raise _too_much()
    known = UidSet.span(1, max(1, old.uidnext - 1))
    left = await find(session, UidIn(known))
    return Deletions(UidSet.of(()), tuple(uid for uid in left if uid in known), settled=False)


def _too_much() -> StateTooOld:
    return StateTooOld("too much changed since this state; read the folder again", field="since")


def _same(old: FolderState, now: FolderState) -> bool:
    return (old.uidnext, old.highestmodseq, old.exists) == (now.uidnext, now.highestmodseq, now.exists)


def _ids(name: MailboxName, now: FolderState, uids: Iterable[int]) -> list[str]:
    return [id_of_message(name, now.uidvalidity, uid) for uid in uids]


def _value(
    name: MailboxName,
    old: FolderState,
    new: FolderState,
    mode: Literal["qresync", "condstore", "window"],
    *,
    created: list[MessageSummary] | None = None,
    updated: list[FlagUpdate] | None = None,
    destroyed: list[str] | None = None,
    coverage: Coverage | None = None,
    has_more: bool = False,
    total: int | None = None,
) -> Changes:
    return Changes(
        folder_id=id_of_folder(name),
        old_state=old.encode(),
        new_state=new.encode(),
        has_more=has_more,
        mode=mode,
        coverage=coverage or Coverage(),
        created=created or [],
        updated=updated or [],
        destroyed=destroyed or [],
        total_messages=total,
    )
