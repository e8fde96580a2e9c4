"""Which folders a search is for, and which its filter names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec import UNSET, Struct, UnsetType

from gateway.accounts.account import Account
from gateway.errors import NotFound
from gateway.imap.name import MailboxName
from gateway.imap.response import Namespaces
from gateway.imap.session import ListedFolder
from gateway.mail.address import name_of_folder
from gateway.mail.conditions import Conditions
from gateway.mail.desk import Desk
from gateway.mail.folder_tree import folder_tree
from gateway.mail.logic import NEVER
from gateway.mail.roles import NAMES, assign_roles
from gateway.mail.translate import Setting, at_least, translate
from gateway.sync.search_cursor import MAX_PLACES

LEFT_OUT: Final = frozenset({"junk", "trash", "all", "flagged", "important"})
"""Roles that are searched only where they are named: unwanted mail, and views that show what is elsewhere too."""
_INBOX: Final = MailboxName(b"INBOX")
_NOWHERE: Final = MailboxName(b"\0")


class Scope(Struct, frozen=True):
    """``names``: where something may be found. ``folders``: what the filter names, None where there is none.

    ``asked``: the caller named the folders. ``whole``: there are no more of them than can be searched at once.
    """

    names: tuple[MailboxName, ...]
    folders: Mapping[str, MailboxName | None]
    asked: bool
    whole: bool

    def setting(self, name: MailboxName) -> Setting:
        return Setting(name, self.folders)


async def scope_of(
    desk: Desk, account: Account, refs: list[str] | UnsetType, conditions: Conditions, *, most: int | None = MAX_PLACES
) -> Scope:
    """``refs``: the folders that the caller named; ``most``: of them and others, so many are searched (None: all).

    Folders are listed only where that is needed. Raises InvalidRequest, or NotFound naming the member.
    """
    asked = [] if refs is UNSET else [(ref, f"folders[{n}]") for n, ref in enumerate(refs)]
    named = list(conditions.mailboxes())
    folders = {ref: _direct(ref, path) for ref, path in (*asked, *named)}
    roles = [ref for ref, name in folders.items() if name is None]
    open_ended = not asked and _anywhere(conditions, folders)
    candidates = [name for ref, _ in asked or named if (name := folders[ref]) is not None]
    if roles or open_ended:
        listed, namespaces = await _listed(desk, account)
        by_role = {role: name for name, role in assign_roles(listed, namespaces).items()}
        folders |= {role: by_role.get(role) for role in roles}
        for ref, path in asked:
            if folders[ref] is None:
                raise NotFound(f"no folder has the role {ref}", field=path)
        named_here = {folders[ref] for ref, _ in named}
        candidates = [name for ref, _ in asked or named if (name := folders[ref]) is not None]
        if open_ended:
            candidates = [*_own(listed, namespaces, named_here)]
    found = tuple(dict.fromkeys(name for name in candidates if _may_match(conditions, name, folders)))
    return Scope(found[:most], folders, bool(asked), most is None or len(found) <= most)


def _direct(ref: str, path: str) -> MailboxName | None:
    """None for a role that only a listing tells."""
    if ref == "inbox":
        return _INBOX
    return None if ref in NAMES else name_of_folder(ref, path)


def _anywhere(conditions: Conditions, folders: Mapping[str, MailboxName | None]) -> bool:
    """Whether a folder that is not named may hold a match."""
    return _may_match(conditions, _NOWHERE, folders)


def _may_match(conditions: Conditions, name: MailboxName, folders: Mapping[str, MailboxName | None]) -> bool:
    return translate(conditions, Setting(name, folders), at_least) != NEVER


async def _listed(desk: Desk, account: Account) -> tuple[Sequence[ListedFolder], Namespaces]:
    async with desk.session(account) as session:
        return await session.list(), await session.namespace()


def _own(
    listed: Sequence[ListedFolder], namespaces: Namespaces, named: set[MailboxName | None]
) -> Iterable[MailboxName]:
    """The caller's own folders, without those that are left out unless they are named."""
    for folder in folder_tree(listed, namespaces):
        name = name_of_folder(folder.id)
        if folder.may_select and folder.namespace == "personal" and (folder.role not in LEFT_OUT or name in named):
            yield name
