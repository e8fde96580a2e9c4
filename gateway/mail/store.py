"""Storing a message as it is (APPEND, RFC 9051 section 6.3.12)."""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from datetime import datetime

from gateway.accounts.account import Account
from gateway.errors import InvalidRequest, NotFound, Refused, TooLarge, UpstreamError
from gateway.imap.flags import to_flag
from gateway.mail.address import id_of_folder, id_of_message
from gateway.mail.again import in_doubt
from gateway.mail.desk import Desk
from gateway.mail.resource import StoredMessage
from gateway.mail.roles import resolve


async def store(
    desk: Desk,
    account: Account,
    ref: str,
    *,
    size: int,
    source: AsyncIterable[bytes],
    flags: Sequence[str],
    received_at: datetime | None,
) -> StoredMessage:
    """Stream ``size`` octets into a folder. Raises NotFound, TooLarge, and whatever the server refuses with."""
    if size > desk.limits.message_bytes:
        raise TooLarge(f"a message has at most {desk.limits.message_bytes} octets")
    if not size:
        raise InvalidRequest("the message is empty", field="body")
    name = await resolve(desk, account, ref)
    wire_flags = tuple(dict.fromkeys(to_flag(flag, ()) for flag in flags))
    async with desk.session(account) as session:
        try:
            done = await session.append(name, size, source, flags=wire_flags, internaldate=received_at)
        except Refused as refused:
            if refused.imap_code in ("TRYCREATE", "NONEXISTENT"):
                raise NotFound("no such folder", field="folder") from refused
            raise
        except UpstreamError as lost:
            if lost.maybe_done:
                raise in_doubt() from lost
            raise
    new = None if done is None else id_of_message(name, done.uidvalidity, done.uid)
    return StoredMessage(id=new, folder_id=id_of_folder(name), size=size)
