"""What changed in a whole account since a state: the folder list, and what changed in each folder.

One round trip tells which folders changed at all; only those are opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from gateway.accounts.account import Account
from gateway.errors import IdExpired, Refused
from gateway.imap.encode.search_key import UidIn
from gateway.imap.name import MailboxName
from gateway.imap.response import Namespaces
from gateway.imap.session import ListedFolder, Session
from gateway.imap.uids import UidSet
from gateway.mail.address import id_of_folder, id_of_message, name_of_folder
from gateway.mail.again import reading
from gateway.mail.changes import changes_between, tells
from gateway.mail.desk import Desk
from gateway.mail.find import find
from gateway.mail.flag_changes import WINDOW
from gateway.mail.folder_changes import LONGEST_MOVE, FolderDifference, Renaming, behind, folder_changes
from gateway.mail.folders import counts
from gateway.mail.fresh import Show, summaries
from gateway.mail.opening import still_there
from gateway.mail.resource import AccountChanges, Changes, FolderChanges, MovedMessage
from gateway.mail.snapshot import opened, state_of, sync_mode
from gateway.sync.account_state import AccountState
from gateway.sync.state import FolderState

COMPARED: Final = 100
"""Folders that one answer opens only to compare flags, where the server does not number their changes."""
ALL: Final = 1 << 30
"""As many changes as there are."""


@reading
async def account_changes(
    desk: Desk, account: Account, *, since: str | None, max_changes: int, show: Show = summaries
) -> AccountChanges:
    """What changed since an account's state token, or where there is none, a place to start from.

    Raises InvalidRequest for a token that is none of ours, and Unprocessable where there are too many folders.
    """
    old = AccountState.parse(since, field="since") if since is not None else None
    async with desk.session(account) as session:
        listed, namespaces = await listing(session)
        if old is None:
            return await _baseline(session, folder_changes(None, listed, namespaces))
        told = await changes_of(session, old, listed, namespaces, most=max_changes, show=show)
    return replace(told, old_state=since)


async def listing(session: Session) -> tuple[Sequence[ListedFolder], Namespaces]:
    """All folders with the numbers that tell which of them changed, of this moment.

    The folder that is open is left first: STATUS is not meant for it (RFC 9051 section 6.3.11).
    """
    await session.unselect()
    return await session.list(status=counts(session)), await session.namespace()


async def changes_of(
    session: Session,
    old: AccountState,
    listed: Sequence[ListedFolder],
    namespaces: Namespaces,
    *,
    most: int,
    show: Show = summaries,
) -> AccountChanges:
    """The way from ``old`` to the account as it is now, at most ``most`` changes of messages long.

    A folder that can't be opened, or went since it was listed, is left where it is in the state, and costs no other.
    """
    unmoved: set[MailboxName] = set()
    while True:
        difference = folder_changes(old, listed, namespaces, unmoved=unmoved)
        moved = {renaming: await _moved(session, renaming, show) for renaming in difference.renamings}
        failed = {renaming.old for renaming, told in moved.items() if told is None}
        if not failed:
            break
        unmoved |= failed
    walk = _Walk(session, difference, difference.state, difference.told, most, show)
    for renaming, told in moved.items():
        if told is not None:
            walk.take(renaming.new, told)
    values = {each.listed.name: each.status.values for each in listed if each.status is not None}
    for name in map(name_of_folder, (folder.id for folder in difference.seen)):
        known = walk.state.folders[name.wire]
        renamed = any(name == renaming.new for renaming in moved)
        if not known.selectable or renamed or name not in values:
            continue
        if behind(known.state, values[name]):
            await walk.look(name)
        elif values[name].get("MESSAGES") and not values[name].get("HIGHESTMODSEQ"):
            await walk.compare(name)
    return AccountChanges(
        old_state=old.encode(),
        new_state=walk.state.encode(),
        has_more=walk.more,
        folders=walk.folders,
        changes=walk.changes,
        unchecked=walk.unchecked,
    )


class _Walk(Struct):
    """From folder to folder, until ``room`` is used up."""

    session: Session
    difference: FolderDifference
    state: AccountState
    folders: FolderChanges
    room: int
    show: Show
    changes: list[Changes] = field(default_factory=list)
    more: bool = False
    compared: int = 0
    unchecked: list[str] = field(default_factory=list)

    async def compare(self, name: MailboxName) -> None:
        """A folder of which STATUS tells nothing new, where it can't tell of flags."""
        if self.compared >= COMPARED:
            self.unchecked.append(id_of_folder(name))
            return
        self.compared += 1
        await self.look(name)

    async def look(self, name: MailboxName) -> None:
        if self.room <= 0:
            self.more = True
            return
        state = self.state.folders[name.wire].state
        try:
            self.take(name, await _changes(self.session, name, state, self.room, self.show))
        except IdExpired:
            self.more = True
            if state is not None:
                self._rebuilt(name)
        except Refused as refused:
            if refused.status != "NO":
                raise

    def take(self, name: MailboxName, told: Changes) -> None:
        """A folder's changes into the answer; those that say nothing only move the state on."""
        self.state = self.state.with_state(name.wire, FolderState.parse(told.new_state))
        self.more = self.more or told.has_more
        if tells(told):
            self.changes.append(told)
            self.room -= len(told.created) + len(told.updated) + len(told.destroyed)

    def _rebuilt(self, name: MailboxName) -> None:
        """The folder is another one than the client knows: it goes, and comes anew with the next answer."""
        self.state = self.state.without_state(name.wire)
        id_ = id_of_folder(name)
        if all(folder.id != id_ for folder in self.folders.created):
            again = [folder for folder in self.difference.seen if folder.id == id_]
            self.folders = replace(
                self.folders,
                destroyed=[*self.folders.destroyed, id_],
                created=[*self.folders.created, *again],
                updated=[folder for folder in self.folders.updated if folder.id != id_],
            )


async def _baseline(session: Session, difference: FolderDifference) -> AccountChanges:
    """Where every folder stands. One that can't be opened now is looked at again with the first changes."""
    state = difference.state
    for folder in difference.told.created:
        name = name_of_folder(folder.id)
        if not folder.may_select or folder.state is None:
            continue
        try:
            state = state.with_state(name.wire, await _standing(session, name, FolderState.parse(folder.state)))
        except Refused as refused:
            if refused.status != "NO":
                raise
    return AccountChanges(old_state=None, new_state=state.encode(), folders=difference.told)


async def _standing(session: Session, name: MailboxName, told: FolderState) -> FolderState:
    """The folder's state: what STATUS told, where that is enough to tell deletions by."""
    if told.exists == 0 or session.capabilities.sync_mode() == "qresync":
        return told
    await session.select(name, readonly=True, again=True)
    now = await state_of(session)
    if sync_mode(session) != "window":
        return now
    return FolderState.parse((await changes_between(session, name, now, now, most=WINDOW)).new_state)


async def _changes(
    session: Session, name: MailboxName, state: FolderState | None, most: int, show: Show = summaries
) -> Changes:
    await session.select(name, readonly=True, again=True)
    return await way(session, name, state, await state_of(session), most=most, show=show)


async def way(
    session: Session,
    name: MailboxName,
    state: FolderState | None,
    now: FolderState,
    *,
    most: int,
    show: Show = summaries,
) -> Changes:
    """As ``changes_between``; where nothing is known of the folder yet (``state`` is None), all its messages are new.

    Then ``moved`` is there, and empty: who was told of a renaming, and was cut off before the new ids, keeps none.
    """
    if state is not None:
        return await changes_between(session, name, state, now, most=most, show=show)
    return replace(await changes_between(session, name, nothing(now), now, most=most, show=show), moved=[])


def nothing(now: FolderState) -> FolderState:
    """Where a client is that has none of the folder's messages: what changes from now on is still to be told."""
    return FolderState(now.uidvalidity, 1, now.highestmodseq, 0)


async def _moved(session: Session, renaming: Renaming, show: Show) -> Changes | None:
    """A renamed folder's changes with its messages' new ids; None where they can't be told in one answer."""
    try:
        return await with_moved(session, renaming, await _changes(session, renaming.new, renaming.state, ALL, show))
    except (IdExpired, Refused):
        return None


async def with_moved(session: Session, renaming: Renaming, told: Changes) -> Changes | None:
    """``told`` of the open, renamed folder, with the new ids; None where they can't be told in one answer."""
    known = UidSet.span(1, renaming.state.uidnext - 1)
    there = [uid for uid in await find(session, UidIn(known)) if uid in known] if known else []
    await still_there(session, opened(session), FolderState.parse(told.new_state).exists)
    if told.has_more or len(there) > LONGEST_MOVE:
        return None
    validity = renaming.state.uidvalidity
    moved = [
        MovedMessage(id=id_of_message(renaming.old, validity, uid), new_id=id_of_message(renaming.new, validity, uid))
        for uid in there
    ]
    return replace(told, moved=moved)
