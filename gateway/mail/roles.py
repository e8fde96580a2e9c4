"""Folder roles (RFC 6154), and the way from what a path names, an id or a role, to a mailbox."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.accounts.account import Account
from gateway.errors import NotFound
from gateway.imap.name import MailboxName
from gateway.imap.response import Namespaces
from gateway.imap.session import ListedFolder, Session
from gateway.mail.address import name_of_folder
from gateway.mail.desk import Desk
from gateway.mail.place import place

ROLES = {
    "\\sent": "sent",
    "\\drafts": "drafts",
    "\\trash": "trash",
    "\\junk": "junk",
    "\\archive": "archive",
    "\\flagged": "flagged",
    "\\all": "all",
    "\\important": "important",
}
NAMES = ("inbox", "sent", "drafts", "trash", "junk", "archive", "flagged", "all")

# Where the server tells no special use, the names that mail programs make.
_USUAL = {
    "sent": ("sent", "sent items", "sent messages", "sent mail"),
    "drafts": ("drafts", "draft"),
    "trash": ("trash", "deleted items", "deleted messages", "bin"),
    "junk": ("junk", "spam", "junk e-mail", "junk mail", "bulk mail"),
    "archive": ("archive", "archives"),
}


async def resolve(desk: Desk, account: Account, ref: str) -> MailboxName:
    """The mailbox that a folder id or role names. Raises InvalidRequest, or NotFound where no folder has the role."""
    if ref == "inbox":
        return MailboxName(b"INBOX")
    if ref not in NAMES:
        return name_of_folder(ref)
    async with desk.session(account) as session:
        return await role_folder(session, ref)


async def role_folder(session: Session, role: str) -> MailboxName:
    """The folder with a role. Raises NotFound."""
    listed = await session.list()
    for name, found in assign_roles(listed, await session.namespace()).items():
        if found == role:
            return name
    raise NotFound(f"no folder has the role {role}", field="folder")


def assign_roles(listed: Sequence[ListedFolder], namespaces: Namespaces) -> dict[MailboxName, str]:
    """Each role goes to one folder: the first that the server marks, else the first with a usual name.

    Only the caller's own folders have roles: what is deleted must not go to the trash of whoever shares one.
    """
    folders = [folder for folder in listed if place(folder.listed.name, namespaces).kind == "personal"]
    roles: dict[MailboxName, str] = {}
    for folder in folders:
        role = "inbox" if folder.listed.name.wire == b"INBOX" else _marked(folder)
        if role and role not in roles.values():
            roles[folder.listed.name] = role
    for role, names in _USUAL.items():
        if role not in roles.values():
            for folder in folders:
                if folder.listed.name not in roles and _leaf(folder).casefold() in names and folder.selectable:
                    roles[folder.listed.name] = role
                    break
    return roles


def _marked(folder: ListedFolder) -> str | None:
    return next((role for mark, role in ROLES.items() if mark in folder.listed.attributes), None)


def _leaf(folder: ListedFolder) -> str:
    return folder.listed.name.split(folder.listed.delimiter)[-1]
