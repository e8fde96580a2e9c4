"""Who may do what with a folder: read, granted and taken back (ACL, RFC 4314)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import UNSET

from gateway.accounts.account import Account
from gateway.errors import InvalidRequest, Refused, Unprocessable, Unsupported
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.mail.address import id_of_folder
from gateway.mail.again import changed, reading, writing
from gateway.mail.desk import Desk
from gateway.mail.permission import kind, letters_of, mailbox_rights, negative, unspoken, words
from gateway.mail.rights_resource import FolderRights, Grantable, RightsChange, RightsEntry
from gateway.mail.roles import resolve


@reading
async def get_rights(desk: Desk, account: Account, ref: str) -> FolderRights:
    """The caller's rights, and everybody's where the caller administers the folder. Raises NotFound, Unsupported."""
    name = await resolve(desk, account, ref)
    async with desk.session(account) as session:
        _demand(session)
        return await _rights(session, name)


@reading
async def get_grantable(desk: Desk, account: Account, ref: str, who: str) -> Grantable:
    """What can be granted to an identifier. Raises NotFound, Forbidden's reply by NOPERM, Unsupported."""
    name = await resolve(desk, account, ref)
    async with desk.session(account) as session:
        _demand(session)
        with _understood():
            found = await session.list_rights(name, who.encode("utf-8"))
    return Grantable(
        who=who,
        always=found.required,
        tied=list(found.optional),
        rights=words(found.required + "".join(found.optional)),
    )


@writing
async def put_rights(desk: Desk, account: Account, ref: str, who: str, change: RightsChange) -> FolderRights:
    """Replace an identifier's rights; the folder's as they are then.

    Raises Unprocessable for what the server does not know, or can't grant by itself.
    """
    if (change.rights is UNSET) == (change.letters is UNSET):
        raise InvalidRequest("either rights, in words, or letters", field="rights")
    name = await resolve(desk, account, ref)
    async with desk.session(account) as session:
        _demand(session)
        identifier = who.encode("utf-8")
        with _understood():
            if change.letters is not UNSET:
                letters = change.letters
            else:
                had = (await session.get_acl(name)).get(identifier, "")
                letters = letters_of(change.rights or ()) + unspoken(had)
            await session.set_acl(name, identifier, letters)
        with changed():
            return await _rights_left(session, name)


@writing
async def delete_rights(desk: Desk, account: Account, ref: str, who: str) -> None:
    """Take an identifier off the list, which it need not have been on. What else applies to it still does."""
    name = await resolve(desk, account, ref)
    async with desk.session(account) as session:
        _demand(session)
        with _understood():
            await session.delete_acl(name, who.encode("utf-8"))


async def _rights(session: Session, name: MailboxName) -> FolderRights:
    try:
        acl = await session.get_acl(name)
    except Refused as refused:
        if refused.imap_code != "NOPERM":
            raise
        entries = None
    else:
        entries = [_entry(who.decode("utf-8", "replace"), letters) for who, letters in acl.items()]
    mine = mailbox_rights(await session.my_rights(name))
    return FolderRights(folder_id=id_of_folder(name), my_rights=mine, entries=entries)


async def _rights_left(session: Session, name: MailboxName) -> FolderRights:
    """After a change: who has taken all rights from himself is told so, not that there is no such folder."""
    try:
        return await _rights(session, name)
    except Refused as refused:
        if refused.imap_code != "NONEXISTENT":
            raise
        return FolderRights(folder_id=id_of_folder(name), my_rights=mailbox_rights(""), entries=None)


def _entry(who: str, letters: str) -> RightsEntry:
    return RightsEntry(who=who, kind=kind(who), negative=negative(who), rights=words(letters), letters=letters)


def _demand(session: Session) -> None:
    if not session.capabilities.has("ACL"):
        raise Unsupported("the mail server keeps no access rights (it has no ACL)", field="folder")


@contextmanager
def _understood() -> Iterator[None]:
    """BAD is not our fault here: a server says so to an identifier or a right that it does not know (RFC 4314
    section 3.1)."""
    try:
        yield
    except Refused as refused:
        if refused.status != "BAD":
            raise
        raise Unprocessable(refused.detail or "the mail server knows no such identifier or right") from refused
