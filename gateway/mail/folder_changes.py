"""From what a client knows of an account's folders and a LIST answer to what changed in the list: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import Unprocessable
from gateway.imap.name import MailboxName
from gateway.imap.response import Namespaces
from gateway.imap.session import ListedFolder
from gateway.mail.address import id_of_folder, name_of_folder
from gateway.mail.folder_tree import folder_tree
from gateway.mail.resource import Folder, FolderChanges, RenamedFolder
from gateway.sync.account_state import MAX_FOLDERS, AccountState, KnownFolder
from gateway.sync.state import FolderState

LONGEST_MOVE = 2_000
"""A renamed folder of more messages is told as one that is gone and one that is new."""
LONGEST_MOVES = 10_000
"""The same for all renamed folders of one answer: the new ids of their messages are in it."""


class Renaming(Struct, frozen=True):
    """A folder has another name, and its messages are those that the client has. ``state`` is where the client is."""

    old: MailboxName
    new: MailboxName
    state: FolderState


class FolderDifference(Struct, frozen=True):
    """``state``: what the client knows once it was told; a folder that is new to it has no state there.

    ``seen``: all folders that it is told of, as they are now.
    """

    told: FolderChanges
    state: AccountState
    seen: tuple[Folder, ...]
    renamings: tuple[Renaming, ...] = ()


class _Seen(Struct, frozen=True):
    """A folder of the list."""

    folder: Folder
    name: MailboxName
    values: Mapping[str, int | str]

    def known(self, state: FolderState | None) -> KnownFolder:
        return KnownFolder(bool(self.folder.is_subscribed), self.folder.may_select, state)


def folder_changes(
    old: AccountState | None,
    listed: Sequence[ListedFolder],
    namespaces: Namespaces,
    *,
    unmoved: Collection[MailboxName] = (),
) -> FolderDifference:
    """What changed in the list since ``old``; None: nothing is known, so all folders are new.

    A name that is gone and one that is new are one folder, renamed, only where nothing else has its UIDVALIDITY
    and it has no fewer messages behind it. Those in ``unmoved`` are not taken for renamed. Applied in the order:
    destroyed, renamed, created, updated. Raises Unprocessable where a token can't hold so many folders.
    """
    seen = _seen(listed, namespaces, old)
    before = old or AccountState(True, {})
    renamings = _renamings(before, seen, unmoved) if before.whole else ()
    gone_to = {renaming.old.wire: renaming.new.wire for renaming in renamings}
    came_from = {renaming.new.wire: renaming for renaming in renamings}
    created, updated, renamed, after = list[Folder](), list[Folder](), list[RenamedFolder](), dict[bytes, KnownFolder]()
    destroyed = [id_of_folder(MailboxName(wire)) for wire in before.folders if wire not in seen and wire not in gone_to]
    for wire, found in seen.items():
        known = before.folders.get(wire)
        if wire in came_from:
            renaming = came_from[wire]
            renamed.append(RenamedFolder(id=id_of_folder(renaming.old), folder=found.folder))
            after[wire] = found.known(renaming.state)
        elif known is None:
            created.append(found.folder)
            after[wire] = found.known(None)
        elif _other(known, found):
            destroyed.append(found.folder.id)
            created.append(found.folder)
            after[wire] = found.known(None)
        else:
            after[wire] = found.known(known.state)
            if replace(after[wire], state=None) != replace(known, state=None):
                updated.append(found.folder)
    told = FolderChanges(created=created, updated=updated, renamed=renamed, destroyed=destroyed)
    folders = tuple(found.folder for found in seen.values())
    return FolderDifference(told, AccountState(before.whole, after), folders, renamings)


def behind(state: FolderState | None, values: Mapping[str, int | str]) -> bool:
    """Whether STATUS tells of anything since ``state``."""
    if state is None or state.late is not None or state.lost is not None:
        return True
    then = (state.uidvalidity, state.uidnext, state.highestmodseq, state.exists)
    now = (*(values.get(key) for key in ("UIDVALIDITY", "UIDNEXT")), values.get("HIGHESTMODSEQ", 0))
    return then != (*now, values.get("MESSAGES"))


def _seen(listed: Sequence[ListedFolder], namespaces: Namespaces, old: AccountState | None) -> dict[bytes, _Seen]:
    """The folders that the token speaks of, by wire name, in the order of the tree."""
    values = {each.listed.name: each.status.values for each in listed if each.status is not None}
    seen: dict[bytes, _Seen] = {}
    for folder in folder_tree(listed, namespaces):
        name = name_of_folder(folder.id)
        if old is None or old.whole or name.wire in old.folders:
            seen[name.wire] = _Seen(folder, name, values.get(name, {}))
    if len(seen) > MAX_FOLDERS:
        raise Unprocessable(f"changes can be told of at most {MAX_FOLDERS} folders", field="account")
    return seen


def _other(known: KnownFolder, found: _Seen) -> bool:
    """Whether the folder of this name is another one than the client knows, or has lost all that it could hold."""
    state = known.state
    if state is None:
        return False
    if not found.folder.may_select:
        return known.selectable
    validity, uidnext = found.values.get("UIDVALIDITY"), found.values.get("UIDNEXT")
    if validity is not None and validity != state.uidvalidity:
        return True
    return isinstance(uidnext, int) and uidnext < state.uidnext


def _renamings(
    old: AccountState, seen: Mapping[bytes, _Seen], unmoved: Collection[MailboxName]
) -> tuple[Renaming, ...]:
    """What can be told for sure: one UIDVALIDITY that one folder had that is gone, and one new folder has."""
    gone = {
        known.state.uidvalidity: (wire, known.state)
        for wire, known in old.folders.items()
        if wire not in seen and known.state is not None and MailboxName(wire) not in unmoved
    }
    held = Counter(known.state.uidvalidity for known in old.folders.values() if known.state is not None)
    has = Counter(found.values.get("UIDVALIDITY") for found in seen.values())
    moves: list[Renaming] = []
    room = LONGEST_MOVES
    for wire, found in seen.items():
        validity, uidnext = found.values.get("UIDVALIDITY"), found.values.get("UIDNEXT")
        if wire in old.folders or not isinstance(validity, int) or validity not in gone or not isinstance(uidnext, int):
            continue
        was, state = gone[validity]
        alone = held[validity] == has[validity] == 1
        if alone and validity and uidnext >= state.uidnext and state.exists <= min(LONGEST_MOVE, room):
            moves.append(Renaming(MailboxName(was), found.name, state))
            room -= state.exists
    return tuple(moves)
