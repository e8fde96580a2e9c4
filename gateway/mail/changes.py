"""What changed in a folder since a state: one value, whether it is asked for or pushed.

Three modes, by what the server can tell (RFC 7162): ``qresync`` tells everything, ``condstore`` all but the deletions,
``window`` neither; deletions are then found by samples, flags are told for the newest messages. Telling too much
(a deletion of what the client never had, flags that are as they were) is harmless to ``apply``; telling too little
never happens inside the declared coverage.

New messages come first, then flags, then deletions, each rising by UID. Where the answer is full the state says how far
it has come, so that asking again with it goes on from there, on any replica.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET
from msgspec.structs import replace

from gateway.accounts.account import Account
from gateway.errors import IdExpired
from gateway.imap.capability import SyncMode
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.mail.address import id_of_folder, id_of_message
from gateway.mail.again import reading
from gateway.mail.deletions import Deletions, deletions
from gateway.mail.desk import Desk
from gateway.mail.flag_changes import FlagChanges, flag_changes, flag_window, owed
from gateway.mail.fresh import Show, fresh, summaries
from gateway.mail.opening import still_there
from gateway.mail.resource import Changes, Coverage, FlagUpdate, MessageSummary
from gateway.mail.roles import resolve
from gateway.mail.snapshot import opened, refresh, state_of, sync_mode
from gateway.sync.ids import MessageId
from gateway.sync.state import FolderState


@reading
async def changes(
    desk: Desk, account: Account, ref: str, *, since: str, max_changes: int, show: Show = summaries
) -> Changes:
    """What changed since a state token. Raises InvalidRequest, NotFound, IdExpired, StateTooOld."""
    old = FolderState.parse(since, field="since")
    name = await resolve(desk, account, ref)
    async with desk.stale(account, name) as session:
        await refresh(session)
        now = await state_of(session)
        return await changes_between(session, name, old, now, most=max_changes, show=show)


async def changes_between(
    session: Session, name: MailboxName, old: FolderState, now: FolderState, *, most: int, show: Show = summaries
) -> Changes:
    """The way from ``old`` towards ``now``, the state of the open mailbox: at most ``most`` changes of it.

    ``hasMore`` unless it is all the way; the new state then says what is still to be told. Raises IdExpired where the
    folder was rebuilt, StateTooOld where what is gone can be neither named nor bounded.
    """
    told = await _between(session, name, old, now, most, show)
    await still_there(session, opened(session), now.exists)
    return told


async def _between(
    session: Session, name: MailboxName, old: FolderState, now: FolderState, most: int, show: Show
) -> Changes:
    _check_life(session, old, now)
    mode = sync_mode(session)
    if mode != "window" and old.late is None and old.lost is None and _same(old, now):
        return _value(name, old, replace(now, flags=b""), mode, total=now.exists)
    window = await flag_window(session) if mode == "window" else None
    new = await fresh(session, name, old, now, most, show)
    exists = min(0xFFFF_FFFF, old.exists + len(new.messages))
    if new.more is not None:
        partial = replace(old if mode == "window" else owed(old, now), uidnext=new.more, exists=exists)
        return _value(name, old, partial, mode, created=new.messages, passed=new.passed, has_more=True)
    room = most - len(new.messages)
    told = {MessageId.parse(message.id).uid: message.flags for message in new.messages}
    flags = await flag_changes(session, old, now, room, window, told)
    lost = Deletions()
    if mode != "qresync":
        left = 0 if flags.late is not None else room - flags.told
        lost = await deletions(session, old, now, len(new.messages), left)
    base = now
    if lost.state is not None:
        base = replace(lost.state, uidnext=now.uidnext, exists=lost.state.exists + len(new.messages))
    state = replace(base, highestmodseq=flags.modseq, late=flags.late, flags=flags.flags)
    has_more = state != replace(now, flags=flags.flags) or not flags.looked
    return _value(
        name, old, state, mode, created=new.messages, flags=flags, lost=lost, passed=new.passed, has_more=has_more,
        total=None if has_more else now.exists,
    )  # fmt: skip


def tells(told: Changes) -> bool:
    """Whether there is anything in it for a client, beside a newer state."""
    named = told.created or told.updated or told.destroyed
    return bool(named) or told.moved is not UNSET or told.has_more or told.coverage.destroyed == "window"


def _check_life(session: Session, old: FolderState, now: FolderState) -> None:
    """UIDNEXT and HIGHESTMODSEQ only grow (RFC 9051 section 2.3.1.1, RFC 7162 section 3.1.2.1).

    Where they went back the mailbox is another one, whatever its UIDVALIDITY says. Raises IdExpired.
    """
    back = opened(session).uidnext is not None and now.uidnext < old.uidnext
    if now.highestmodseq and old.highestmodseq:
        back = back or now.highestmodseq < old.highestmodseq
    if back or old.uidvalidity != now.uidvalidity:
        raise IdExpired("the folder was rebuilt since this state", field="since")


def _same(old: FolderState, now: FolderState) -> bool:
    return (old.uidnext, old.highestmodseq, old.exists) == (now.uidnext, now.highestmodseq, now.exists)


def _value(
    name: MailboxName,
    old: FolderState,
    new: FolderState,
    mode: SyncMode,
    *,
    created: list[MessageSummary] | None = None,
    flags: FlagChanges | None = None,
    lost: Deletions | None = None,
    passed: Iterable[int] = (),
    has_more: bool = False,
    total: int | None = None,
) -> Changes:
    def ids(uids: Iterable[int]) -> list[str]:
        return [id_of_message(name, new.uidvalidity, uid) for uid in uids]

    flags, lost = flags or FlagChanges(0), lost or Deletions()
    return Changes(
        folder_id=id_of_folder(name),
        old_state=old.encode(),
        new_state=new.encode(),
        has_more=has_more,
        mode=mode,
        coverage=Coverage(
            updated="window" if mode == "window" else "all",
            destroyed="all" if lost.present is None else "window",
            since=id_of_message(name, new.uidvalidity, flags.oldest) if flags.oldest else None,
            present=ids(lost.present or ()),
        ),
        created=created or [],
        updated=[FlagUpdate(id=id_of_message(name, new.uidvalidity, uid), flags=words) for uid, words in flags.updated],
        destroyed=ids([*flags.vanished, *lost.gone, *passed]),
        total_messages=total,
    )
