"""From a LIST answer to the folder tree: pure, so that every server's habits can be tabled in a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import UNSET

from gateway.imap.name import MailboxName
from gateway.imap.response import Namespaces
from gateway.imap.session import ListedFolder
from gateway.mail.address import id_of_folder
from gateway.mail.permission import mailbox_rights
from gateway.mail.place import Place as Place
from gateway.mail.place import place as place
from gateway.mail.resource import Folder
from gateway.mail.roles import NAMES, assign_roles
from gateway.sync.ids import MAX_MAILBOX
from gateway.sync.state import FolderState


def folder_tree(listed: Sequence[ListedFolder], namespaces: Namespaces) -> list[Folder]:
    """Folders in the order a person expects: the roles first, then by name; a parent before its children."""
    roles = assign_roles(listed, namespaces)
    shown = _shown(listed)
    known = {folder.listed.name for folder in shown}
    return sorted((_folder(folder, roles, known, namespaces) for folder in shown), key=_order)


def _shown(listed: Sequence[ListedFolder]) -> list[ListedFolder]:
    """Without names that are no folders (RFC 9051 section 7.3.1), but for those that hold the tree together.

    A name that no id can be made of can't be spoken of, so it is left out too.
    """
    parents = {folder.listed.name.parent(folder.listed.delimiter) for folder in listed}
    return [
        folder
        for folder in listed
        if 0 < len(folder.listed.name.wire) <= MAX_MAILBOX
        and b"\0" not in folder.listed.name.wire
        and ("\\nonexistent" not in folder.listed.attributes or folder.listed.name in parents)
    ]


def state_token(values: Mapping[str, int | str]) -> str | None:
    """The folder's state out of STATUS; None where the server told too little."""
    numbers = [values.get(key) for key in ("UIDVALIDITY", "UIDNEXT", "HIGHESTMODSEQ", "MESSAGES")]
    validity, uidnext, modseq, messages = (number if isinstance(number, int) else None for number in numbers)
    if validity is None or uidnext is None or messages is None:
        return None
    return FolderState(validity, uidnext, modseq or 0, messages).encode()


def _folder(
    folder: ListedFolder, roles: Mapping[MailboxName, str], known: set[MailboxName], namespaces: Namespaces
) -> Folder:
    name, delimiter = folder.listed.name, folder.listed.delimiter
    path = name.split(delimiter)
    parent = name.parent(delimiter)
    where = place(name, namespaces)
    values = folder.status.values if folder.status is not None else {}
    return Folder(
        id=id_of_folder(name),
        name=path[-1],
        path=list(path),
        parent_id=id_of_folder(parent) if parent is not None and parent in known else None,
        role=roles.get(name),
        total_messages=_number(values.get("MESSAGES")),
        unread_messages=_number(values.get("UNSEEN")),
        is_subscribed=folder.subscribed,
        may_select=folder.selectable,
        has_children=_has_children(folder),
        namespace=where.kind,
        owner=where.owner,
        state=state_token(values),
        my_rights=UNSET if folder.rights is None else mailbox_rights(folder.rights),
    )


def _has_children(folder: ListedFolder) -> bool | None:
    if "\\haschildren" in folder.listed.attributes:
        return True
    if folder.listed.attributes & {"\\hasnochildren", "\\noinferiors"}:
        return False
    return None


def _number(value: int | str | None) -> int | None:
    return value if isinstance(value, int) else None


def _order(folder: Folder) -> tuple[int, int, list[str]]:
    spaces = ("personal", "other", "shared")
    rank = NAMES.index(folder.role) if folder.role in NAMES else len(NAMES)
    return spaces.index(folder.namespace), rank, [level.casefold() for level in folder.path]
