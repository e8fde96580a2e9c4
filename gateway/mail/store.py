"""Storing a message as it is (APPEND, RFC 9051 section 6.3.12)."""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime

from gateway.accounts.account import Account
from gateway.errors import ConnectionLost, InvalidRequest, NotFound, Refused, TooLarge, UpstreamError, WriteInDoubt
from gateway.imap.flags import to_flag
from gateway.imap.session import Session
from gateway.imap.session_append import exactly
from gateway.mail.address import id_of_folder, id_of_message
from gateway.mail.again import STALE, in_doubt
from gateway.mail.desk import Desk
from gateway.mail.resource import StoredMessage
from gateway.mail.roles import resolve
from gateway.mail.stored_before import joined, read_head, stored_before


async def store(
    desk: Desk,
    account: Account,
    ref: str,
    *,
    size: int,
    source: AsyncIterable[bytes],
    flags: Sequence[str],
    received_at: datetime | None,
    unless_exists: bool = False,
) -> StoredMessage:
    """Stream ``size`` octets into a folder. Raises NotFound, TooLarge, and whatever the server refuses with.

    ``unless_exists``: not where the folder has the same message already, which is answered then, with ``existed``;
    so WriteInDoubt is ``repeatable`` then, if the message has a name to be found by.
    """
    if size > desk.limits.message_bytes:
        raise TooLarge(f"a message has at most {desk.limits.message_bytes} octets")
    if not size:
        raise InvalidRequest("the message is empty", field="body")
    name = await resolve(desk, account, ref)
    wire_flags = tuple(dict.fromkeys(to_flag(flag, ()) for flag in flags))
    named = False
    if unless_exists:
        head = await read_head(rest := aiter(source))
        source = joined(head, rest)
        named = head.message_id is not None
        known = await stored_before(desk, account, name, head, size)
        if known is not None:
            await _taken(source, size)
            return StoredMessage(id=known, folder_id=id_of_folder(name), size=size, existed=True)
    async with AsyncExitStack() as lease:
        session = await _attentive(desk, account, lease)
        try:
            done = await session.append(name, size, source, flags=wire_flags, internaldate=received_at)
        except Refused as refused:
            if refused.imap_code in ("TRYCREATE", "NONEXISTENT"):
                raise NotFound("no such folder", field="folder") from refused
            raise
        except UpstreamError as lost:
            if lost.maybe_done:
                raise _in_doubt(repeatable=named) from lost
            raise
    new = None if done is None else id_of_message(name, done.uidvalidity, done.uid)
    return StoredMessage(id=new, folder_id=id_of_folder(name), size=size)


def _in_doubt(*, repeatable: bool) -> WriteInDoubt:
    if not repeatable:
        return in_doubt()
    return WriteInDoubt("the mail server did not say whether it was stored; send it again", repeatable=True)


async def _taken(source: AsyncIterable[bytes], size: int) -> None:
    """To its end: a client that is still sending would not hear the answer. Raises InvalidRequest as APPEND does."""
    async for _ in exactly(source, size):
        pass


async def _attentive(desk: Desk, account: Account, lease: AsyncExitStack) -> Session:
    """A session that the server has just answered on.

    Dovecot hangs up on who has a folder open that was deleted, at the next command: an APPEND would be in doubt for it.
    """
    for _ in range(STALE):
        session = await lease.enter_async_context(desk.session(account))
        try:
            await _heard(session)
        except ConnectionLost:
            await lease.aclose()
        else:
            return session
    return await lease.enter_async_context(desk.session(account))


async def _heard(session: Session) -> None:
    if session.mailbox is not None:
        await session.noop()
