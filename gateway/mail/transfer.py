"""Moving, copying and deleting one message; the ways of the server's that the bulk verbs share."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from gateway.accounts.account import Account
from gateway.errors import Conflict, Forbidden, NotFound, Refused, UpstreamError
from gateway.imap.encode.fetch_item import Item
from gateway.imap.mailbox import Mailbox
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from gateway.mail.address import check_validity, id_of_message, parse_message
from gateway.mail.again import writing
from gateway.mail.desk import Desk
from gateway.mail.messages import fetch_one
from gateway.mail.request import Destination
from gateway.mail.resource import MoveResult
from gateway.mail.roles import resolve


class Transferred(Struct, frozen=True):
    """Where messages went: for each UID the (UIDVALIDITY, UID) it has there; empty where the server does not tell."""

    target: MailboxName | None
    new: Mapping[int, tuple[int, int]]


@writing
async def move(desk: Desk, account: Account, message_id: str, to: Destination) -> MoveResult:
    """Move a message. Raises NotFound, IdExpired, Unprocessable ``destination-missing``."""
    return await _one(desk, account, message_id, await resolve(desk, account, to.folder), keep=False)


@writing
async def copy(desk: Desk, account: Account, message_id: str, to: Destination) -> MoveResult:
    """Copy a message. Raises as :func:`move`."""
    return await _one(desk, account, message_id, await resolve(desk, account, to.folder), keep=True)


@writing
async def delete(desk: Desk, account: Account, message_id: str, *, permanent: bool) -> MoveResult:
    """Move to the trash, or remove for good where ``permanent`` or where the message is in the trash already."""
    name, wanted = parse_message(message_id)
    trash = None if permanent else await trash_for(desk, account, name)
    if trash is not None:
        return await _one(desk, account, message_id, trash, keep=False)
    async with desk.folder(account, name, readonly=False) as (session, mailbox):
        check_validity(mailbox, wanted.uidvalidity)
        await fetch_one(session, wanted.uid, (Item.UID,))
        await erase(session, mailbox, UidSet.of((wanted.uid,)))
    return MoveResult(id=None)


async def trash_for(desk: Desk, account: Account, name: MailboxName) -> MailboxName | None:
    """The trash folder; None where ``name`` is the trash itself. Raises Conflict where the account has none."""
    try:
        trash = await resolve(desk, account, "trash")
    except NotFound:
        raise Conflict("the account has no trash folder; permanent=true deletes for good", field="permanent") from None
    return None if trash == name else trash


async def relocate(session: Session, mailbox: Mailbox, uids: UidSet, target: MailboxName, *, keep: bool) -> Transferred:
    """COPY or MOVE (RFC 9051 sections 6.4.7 and 6.4.8), the latter by COPY and EXPUNGE where the server lacks it."""
    if not keep:
        _writable(mailbox)
        if target == mailbox.name:
            raise Conflict("the message is in that folder already", field="folder")
    try:
        done = await (session.copy(uids, target) if keep else session.move(uids, target))
    except Refused as refused:
        if refused.imap_code in ("TRYCREATE", "NONEXISTENT"):
            raise Refused("there is no such destination folder", code="TRYCREATE") from refused
        raise
    except UpstreamError as lost:
        lost.maybe_done = True  # without MOVE it takes several commands, and the first may have been carried out
        raise
    if done is None:
        return Transferred(target, {})
    return Transferred(target, {uid: (done.uidvalidity, new) for uid, new in done.mapping.items()})


async def erase(session: Session, mailbox: Mailbox, uids: UidSet) -> None:
    """Remove for good, these messages only (RFC 9051 section 6.4.9).

    Raises Forbidden without the rights to: servers may ignore marks and EXPUNGE then (RFC 4314 section 4).
    """
    _writable(mailbox)
    if await session.lacks(mailbox.name, "te"):
        raise Forbidden("messages of this folder may not be deleted", field="folder")
    await session.store(uids, add=(b"\\Deleted",))
    await session.expunge(uids)


async def _one(desk: Desk, account: Account, message_id: str, target: MailboxName, *, keep: bool) -> MoveResult:
    name, wanted = parse_message(message_id)
    async with desk.folder(account, name, readonly=keep) as (session, mailbox):
        check_validity(mailbox, wanted.uidvalidity)
        await fetch_one(session, wanted.uid, (Item.UID,))
        moved = await relocate(session, mailbox, UidSet.of((wanted.uid,)), target, keep=keep)
    there = moved.new.get(wanted.uid)
    return MoveResult(id=None if there is None else id_of_message(target, *there))


def _writable(mailbox: Mailbox) -> None:
    if mailbox.readonly:
        raise Forbidden("the folder is read-only", field="folder")
