"""The end of an export with deletion: only what the client proves to have is removed."""

from __future__ import annotations

from contextlib import aclosing
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from gateway.accounts.account import Account
from gateway.errors import Conflict, Forbidden, GatewayError, IdExpired, InvalidRequest
from gateway.imap.encode.fetch_item import Item
from gateway.imap.name import MailboxName
from gateway.imap.uids import UidSet
from gateway.mail.address import check_validity
from gateway.mail.again import in_doubt, reading, writing
from gateway.mail.convoy import Carried, Convoy, Life
from gateway.mail.desk import Desk
from gateway.mail.export_resource import ExportConfirm, ExportConfirmed
from gateway.mail.roles import resolve
from gateway.mail.transfer import erase
from gateway.sync.ids import MessageId

_ANY_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def confirm(
    desk: Desk, account: Account, ref: str, wanted: ExportConfirm, *, then_delete: bool
) -> ExportConfirmed:
    """The same as :func:`confirm_any`, of messages of one folder."""
    name = await resolve(desk, account, ref)
    ids = _parsed(wanted, desk.limits.bulk_max)
    if any(one.mailbox != name.wire for one in ids):
        raise InvalidRequest("a message of another folder is named", field="ids")
    return await _confirmed(desk, account, ids, wanted, then_delete=then_delete)


async def confirm_any(desk: Desk, account: Account, wanted: ExportConfirm, *, then_delete: bool) -> ExportConfirmed:
    """Read the messages again and compare; then, where asked for, remove exactly these for good, folder by folder.

    Raises Conflict where count or hash differ or a message is gone, Forbidden where a folder is read-only, with
    nothing removed; NotFound, InvalidRequest, IdExpired; WriteInDoubt where it broke off while they were removed.
    """
    return await _confirmed(desk, account, _parsed(wanted, desk.limits.bulk_max), wanted, then_delete=then_delete)


async def _confirmed(
    desk: Desk, account: Account, ids: list[MessageId], wanted: ExportConfirm, *, then_delete: bool
) -> ExportConfirmed:
    folders: dict[Life, list[int]] = {}
    for one in ids:
        folders.setdefault(_life(one), []).append(one.uid)
    sizes = {
        life: await _sizes(desk, account, life, UidSet.of(uids), readonly=not then_delete)
        for life, uids in folders.items()
    }
    missing = sum(one.uid not in sizes[_life(one)] for one in ids)
    if missing:
        raise Conflict(f"{missing} of these messages are gone already; nothing was deleted", field="ids")
    carried = tuple(Carried(_life(one), one.uid, sizes[_life(one)][one.uid], _ANY_TIME) for one in ids)
    digest, size = await _read(Convoy(desk, account, carried))
    if digest != wanted.sha256:
        raise Conflict("the mail server has other octets than were received; nothing was deleted", field="sha256")
    if then_delete:
        await _remove_all(desk, account, {life: UidSet.of(uids) for life, uids in folders.items()})
    return ExportConfirmed(count=len(ids), size=size, deleted=len(ids) if then_delete else 0)


def _life(one: MessageId) -> Life:
    return Life(MailboxName(one.mailbox), one.uidvalidity)


def _parsed(wanted: ExportConfirm, most: int) -> list[MessageId]:
    if len(wanted.ids) > most:
        raise InvalidRequest(f"at most {most} messages in one request", field="ids")
    ids = [MessageId.parse(text, field="ids") for text in wanted.ids]
    if len({(one.mailbox, one.uidvalidity) for one in ids}) != len({one.mailbox for one in ids}):
        raise IdExpired("a folder was rebuilt since some of these ids were given out", field="ids")
    if len(set(ids)) != len(ids):
        raise InvalidRequest("a message is named twice", field="ids")
    if wanted.count != len(ids):
        raise Conflict("the count is not that of the ids; nothing was deleted", field="count")
    return ids


@reading
async def _sizes(desk: Desk, account: Account, life: Life, uids: UidSet, *, readonly: bool) -> dict[int, int]:
    async with desk.folder(account, life.name, readonly=readonly) as (session, mailbox):
        check_validity(mailbox, life.uidvalidity)
        if mailbox.readonly and not readonly:
            raise Forbidden("a folder is read-only; nothing was deleted", field="ids")
        found = (await session.fetch(uids, (Item.UID, Item.SIZE))).messages
    return {uid: message.size or 0 for uid, message in found.items()}


async def _read(convoy: Convoy) -> tuple[str, int]:
    """SHA-256 over all octets, and how many they are."""
    digest, size = sha256(), 0
    pieces = convoy.pieces()
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, bytes):
                digest.update(piece)
                size += len(piece)
    return digest.hexdigest(), size


async def _remove_all(desk: Desk, account: Account, folders: dict[Life, UidSet]) -> None:
    for number, (life, uids) in enumerate(folders.items()):
        try:
            await _remove(desk, account, life, uids)
        except GatewayError as failed:
            if number:  # what was in the folders before is gone: no answer may say that nothing was deleted
                raise in_doubt() from failed
            raise


@writing
async def _remove(desk: Desk, account: Account, life: Life, uids: UidSet) -> None:
    async with desk.folder(account, life.name, readonly=False) as (session, mailbox):
        check_validity(mailbox, life.uidvalidity)
        await erase(session, mailbox, uids)
