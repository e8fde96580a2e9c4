"""The end of an export with deletion: only what the client proves to have is removed."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from gateway.accounts.account import Account
from gateway.errors import Conflict, IdExpired, InvalidRequest
from gateway.imap.encode.fetch_item import Item
from gateway.imap.name import MailboxName
from gateway.imap.uids import UidSet
from gateway.mail.address import check_validity
from gateway.mail.again import reading, writing
from gateway.mail.convoy import Carried, Convoy
from gateway.mail.desk import Desk
from gateway.mail.export_resource import ExportConfirm, ExportConfirmed
from gateway.mail.roles import resolve
from gateway.mail.transfer import erase
from gateway.sync.ids import MessageId

_ANY_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def confirm(
    desk: Desk, account: Account, ref: str, wanted: ExportConfirm, *, then_delete: bool
) -> ExportConfirmed:
    """Read the messages again and compare; then, where asked for, remove exactly these for good.

    Raises Conflict where count or hash differ or a message is gone, with nothing removed; NotFound, InvalidRequest,
    IdExpired; WriteInDoubt where the connection was lost while they were removed.
    """
    name = await resolve(desk, account, ref)
    uidvalidity, uids = _parsed(wanted, name, desk.limits.bulk_max)
    convoy = Convoy(desk, account, name, uidvalidity, await _described(desk, account, name, uidvalidity, uids))
    digest, size = sha256(), 0
    pieces = convoy.pieces()
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, bytes):
                digest.update(piece)
                size += len(piece)
    if digest.hexdigest() != wanted.sha256:
        raise Conflict("the mail server has other octets than were received; nothing was deleted", field="sha256")
    if then_delete:
        await _remove(desk, account, name, uidvalidity, UidSet.of(uids))
    return ExportConfirmed(count=len(uids), size=size, deleted=len(uids) if then_delete else 0)


def _parsed(wanted: ExportConfirm, name: MailboxName, most: int) -> tuple[int, tuple[int, ...]]:
    if len(wanted.ids) > most:
        raise InvalidRequest(f"at most {most} messages in one request", field="ids")
    ids = [MessageId.parse(text, field="ids") for text in wanted.ids]
    if any(one.mailbox != name.wire for one in ids):
        raise InvalidRequest("a message of another folder is named", field="ids")
    if len({one.uidvalidity for one in ids}) != 1:
        raise IdExpired("the folder was rebuilt since some of these ids were given out", field="ids")
    if len(set(ids)) != len(ids):
        raise InvalidRequest("a message is named twice", field="ids")
    if wanted.count != len(ids):
        raise Conflict("the count is not that of the ids; nothing was deleted", field="count")
    return ids[0].uidvalidity, tuple(one.uid for one in ids)


@reading
async def _described(
    desk: Desk, account: Account, name: MailboxName, uidvalidity: int, uids: tuple[int, ...]
) -> tuple[Carried, ...]:
    async with desk.folder(account, name) as (session, mailbox):
        check_validity(mailbox, uidvalidity)
        found = (await session.fetch(UidSet.of(uids), (Item.UID, Item.SIZE))).messages
    missing = sum(uid not in found for uid in uids)
    if missing:
        raise Conflict(f"{missing} of these messages are gone already; nothing was deleted", field="ids")
    return tuple(Carried(uid, found[uid].size or 0, _ANY_TIME) for uid in uids)


@writing
async def _remove(desk: Desk, account: Account, name: MailboxName, uidvalidity: int, uids: UidSet) -> None:
    async with desk.folder(account, name, readonly=False) as (session, mailbox):
        check_validity(mailbox, uidvalidity)
        await erase(session, mailbox, uids)
