"""Folders: the tree, one folder, and making, renaming, subscribing and deleting."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext, suppress

from msgspec import UNSET
from msgspec.structs import replace

from gateway.accounts.account import Account
from gateway.errors import Conflict, InvalidRequest, NotFound, Refused, Unprocessable
from gateway.imap.encode.arg import ListPattern
from gateway.imap.name import MailboxName
from gateway.imap.response import Namespaces
from gateway.imap.session import ListedFolder, Session
from gateway.mail.address import id_of_folder, name_of_folder
from gateway.mail.again import changed, reading, writing
from gateway.mail.desk import Desk
from gateway.mail.folder_tree import folder_tree, state_token
from gateway.mail.permission import mailbox_rights
from gateway.mail.query import Tagged, entity_tag
from gateway.mail.request import FolderCreate, FolderPatch
from gateway.mail.resource import Folder, FolderList
from gateway.mail.roles import resolve

COUNTS = ("MESSAGES", "UNSEEN", "UIDNEXT", "UIDVALIDITY")


@reading
async def list_folders(desk: Desk, account: Account, *, rights: bool = False) -> FolderList:
    """All folders with their counts, in one round trip where the server has LIST-STATUS (RFC 5819).

    The caller's rights come with them where that costs nothing (LIST-MYRIGHTS, RFC 8440); with ``rights`` also where
    the server has to be asked of each folder.
    """
    async with desk.session(account) as session:
        return FolderList(folders=folder_tree(*await _listing(session, rights=rights)))


@reading
async def get_folder(desk: Desk, account: Account, ref: str) -> Tagged[Folder]:
    """One folder. Raises NotFound."""
    name = await resolve(desk, account, ref)
    async with desk.session(account) as session:
        folder = await _one(session, name)
    return Tagged(folder, entity_tag(account.id, "folder", repr(folder)))


@writing
async def create_folder(desk: Desk, account: Account, wanted: FolderCreate) -> Folder:
    """Make a folder below ``parentId`` (or at the top) and subscribe to it. Raises Conflict where it exists."""
    parent = name_of_folder(wanted.parent_id, "parentId") if wanted.parent_id is not None else None
    async with desk.session(account) as session:
        name = await _child(session, parent, wanted.name)
        await _make(session, name, parent)
        with changed():
            await _subscribe(session, name, True)
            return await _one(session, name)


@writing
async def patch_folder(desk: Desk, account: Account, ref: str, patch: FolderPatch) -> Folder:
    """Rename, move below another parent, subscribe or unsubscribe. A renamed folder has a new id."""
    name = await resolve(desk, account, ref)
    async with desk.session(account) as session:
        renames = patch.name is not UNSET or patch.parent_id is not UNSET
        if renames:
            name = await _rename(session, name, patch)
        with changed() if renames else nullcontext():
            if patch.is_subscribed is not UNSET:
                await (session.subscribe(name) if patch.is_subscribed else session.unsubscribe(name))
            return await _one(session, name)


@writing
async def delete_folder(desk: Desk, account: Account, ref: str, *, force: bool) -> None:
    """Delete a folder. Raises Conflict where it holds messages or folders and ``force`` is not given."""
    name = await resolve(desk, account, ref)
    if name.wire == b"INBOX":
        raise Unprocessable("the inbox can't be deleted", field="folder")
    async with desk.session(account) as session:
        folder = await _one(session, name)
        if not force and (folder.has_children or await _has_children(session, name)):
            raise Conflict("the folder has folders below it; force=true deletes it all the same", field="force")
        if not force and folder.total_messages:
            raise Conflict("the folder is not empty; force=true deletes it all the same", field="force")
        await session.unselect()
        await session.delete(name)
        if folder.is_subscribed:
            with changed():
                await _subscribe(session, name, False)


async def _listing(session: Session, *, rights: bool = False) -> tuple[Sequence[ListedFolder], Namespaces]:
    """The folder that is open is left first: of that a server may tell what it was (RFC 9051 section 6.3.11)."""
    await session.unselect()
    free = session.capabilities.has("LIST-MYRIGHTS")
    listed = await session.list(status=counts(session), rights=rights or free)
    return listed, await session.namespace()


def counts(session: Session) -> tuple[str, ...]:
    """The STATUS items to ask for; HIGHESTMODSEQ only where the server knows it (RFC 7162 section 3.1.7)."""
    return COUNTS if session.capabilities.sync_mode() == "window" else (*COUNTS, "HIGHESTMODSEQ")


async def _one(session: Session, name: MailboxName) -> Folder:
    """One folder as the tree shows it; all are listed, since its role and parent depend on them, but it is counted."""
    listed = await session.list()
    for folder in folder_tree(listed, await session.namespace()):
        if folder.id == id_of_folder(name):
            return await _counted(session, name, folder) if folder.may_select else folder
    raise NotFound("no such folder", field="folder")


async def _counted(session: Session, name: MailboxName, folder: Folder) -> Folder:
    """With its numbers of now: where it is open it is left first, as in ``_listing``."""
    if session.mailbox is not None and session.mailbox.name == name:
        await session.unselect()
    values = (await session.status(name, counts(session))).values
    held = await session.my_rights_of([name]) if session.capabilities.has("ACL") else {}
    total, unread = values.get("MESSAGES"), values.get("UNSEEN")
    return replace(
        folder,
        total_messages=total if isinstance(total, int) else None,
        unread_messages=unread if isinstance(unread, int) else None,
        state=state_token(values),
        my_rights=mailbox_rights(held[name]) if name in held else UNSET,
    )


async def _child(session: Session, parent: MailboxName | None, leaf: str) -> MailboxName:
    """The name of a folder below ``parent``, or at the top of the personal namespace."""
    delimiter, prefix = await _hierarchy(session)
    if delimiter and delimiter in leaf:
        raise InvalidRequest(f"a name can't contain {delimiter!r}, which separates levels here", field="name")
    made = MailboxName.from_text(leaf, session.capabilities.utf8_names)
    if parent is not None:
        if delimiter is None:
            raise Unprocessable("this server has no folders below folders", field="parentId")
        return MailboxName(parent.wire + delimiter.encode() + made.wire)
    return MailboxName(prefix + made.wire)


async def _hierarchy(session: Session) -> tuple[str | None, bytes]:
    """Delimiter and prefix of the personal namespace (RFC 9051 section 6.3.10), else as folders are listed."""
    personal = (await session.namespace()).personal
    if personal:
        prefix, delimiter = personal[0]
        return delimiter, prefix
    listed = await session.list()
    return (listed[0].listed.delimiter if listed else None), b""


async def _make(session: Session, name: MailboxName, parent: MailboxName | None) -> None:
    """CREATE; a refusal without a telling code is a conflict where the folder turns out to be there."""
    try:
        await session.create(name)
    except Refused as refused:
        if refused.imap_code is None and await _exists(session, name):
            raise Refused("there is such a folder already", code="ALREADYEXISTS") from refused
        if parent is not None:
            raise await session.denied(refused, parent, "k") from refused
        raise


async def _exists(session: Session, name: MailboxName) -> bool:
    return any(folder.listed.name == name for folder in await session.list())


async def _rename(session: Session, name: MailboxName, patch: FolderPatch) -> MailboxName:
    if name.wire == b"INBOX":
        raise Unprocessable("the inbox can't be renamed", field="folder")
    delimiter, _ = await _hierarchy(session)
    leaf = patch.name if patch.name is not UNSET else name.split(delimiter)[-1]
    if patch.parent_id is UNSET:
        parent = name.parent(delimiter)
    else:
        parent = name_of_folder(patch.parent_id, "parentId") if patch.parent_id is not None else None
    renamed = await _child(session, parent, leaf)
    if renamed == name:
        return name
    subscribed = await _subscribed(session, name)
    await session.unselect()
    try:
        await session.rename(name, renamed)
    except Refused as refused:
        if refused.imap_code is None and not await _exists(session, name):
            raise NotFound("no such folder", field="folder") from refused
        if refused.imap_code is None and await _exists(session, renamed):
            raise Refused("there is such a folder already", code="ALREADYEXISTS") from refused
        if parent is not None:
            raise await session.denied(refused, parent, "k") from refused
        raise
    if subscribed:
        with changed():
            await _subscribe(session, name, False)
            await _subscribe(session, renamed, True)
    return renamed


async def _subscribed(session: Session, name: MailboxName) -> bool:
    listed = await session.list(ListPattern.covering(name))
    return any(folder.subscribed for folder in listed if folder.listed.name == name)


async def _subscribe(session: Session, name: MailboxName, wanted: bool) -> None:
    """Beside another change: a server that refuses it has made that one all the same."""
    with suppress(Refused):
        await (session.subscribe(name) if wanted else session.unsubscribe(name))


async def _has_children(session: Session, name: MailboxName) -> bool:
    delimiter, _ = await _hierarchy(session)
    if delimiter is None:
        return False
    below = name.wire + delimiter.encode()
    return any(folder.listed.name.wire.startswith(below) for folder in await session.list())
