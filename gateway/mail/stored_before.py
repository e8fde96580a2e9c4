"""Whether a message that is to be stored is in the folder already: by its Message-ID, and then by all of its header.

So a store that is repeated, on another replica or after a restart, stores nothing twice, and nobody has to remember it
(docs/decisions/0010-stored-before.md).
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator

from msgspec import Struct

from gateway.accounts.account import Account
from gateway.imap.encode.fetch_item import Item, Section
from gateway.imap.encode.search_key import Header
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from gateway.mail.address import id_of_message
from gateway.mail.again import reading
from gateway.mail.desk import Desk
from gateway.mail.find import find
from gateway.message.header import every, split_fields
from gateway.message.ids import message_ids

MAX_HEAD = 65_536
"""Octets of a message's header that are looked at; one with a longer header is stored without a look."""
_GAP = 2  # octets of an empty line that the chunk before may have held
_CANDIDATES = 20
"""The newest messages of that Message-ID that are compared."""


class Head(Struct, frozen=True):
    """The first octets of a message on its way in. ``header``: up to the empty line; None where that did not come."""

    header: bytes | None
    octets: bytes

    @property
    def message_id(self) -> str | None:
        """What the message is called; None where it has no Message-ID, or not one that can be searched for."""
        if self.header is None:
            return None
        values = every(split_fields(self.header), b"message-id")
        ids = message_ids(values[0]) if len(values) == 1 else []
        return ids[0] if len(ids) == 1 and ids[0].isascii() and ids[0].isprintable() else None


async def read_head(source: AsyncIterator[bytes]) -> Head:
    """Take no more from ``source`` than the header needs, a chunk at a time."""
    octets, end = bytearray(), None
    async for chunk in source:
        seen = len(octets)
        octets += chunk
        end = _end(octets, max(0, seen - _GAP))
        if end is not None or len(octets) > MAX_HEAD:
            break
    return Head(bytes(octets[:end]) if end is not None and end <= MAX_HEAD else None, bytes(octets))


async def joined(head: Head, rest: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """The whole message again."""
    yield head.octets
    async for chunk in rest:
        yield chunk


@reading
async def stored_before(desk: Desk, account: Account, name: MailboxName, head: Head, size: int) -> str | None:
    """The id of the message in the folder that has this header, to the octet, and this size; None: there is none.

    SEARCH finds what contains the Message-ID, so that what it finds is compared. Raises NotFound.
    """
    wanted = head.message_id
    if wanted is None or head.header is None:
        return None
    async with desk.folder(account, name) as (session, mailbox):
        found = await find(session, Header("Message-ID", f"<{wanted}>"))
        uid = await _same(session, UidSet.of(found[-_CANDIDATES:]), head.header, size) if found else None
        return None if uid is None else id_of_message(name, mailbox.uidvalidity or 0, uid)


async def _same(session: Session, uids: UidSet, header: bytes, size: int) -> int | None:
    section = Section("", "HEADER", partial=(0, MAX_HEAD + 1))
    messages = (await session.fetch(uids, (Item.UID, Item.SIZE, section))).messages
    for uid in sorted(messages, reverse=True):
        fetched = messages[uid]
        if fetched.size == size and _lines(fetched.sections.get(section.key)) == _lines(header):
            return uid
    return None


def _lines(header: object) -> bytes | None:
    return header.replace(b"\r\n", b"\n").rstrip(b"\n") if isinstance(header, bytes) else None


def _end(octets: bytearray, start: int) -> int | None:
    """Where the header ends: after the first empty line from ``start`` on, which may end in CRLF or LF."""
    ends = [at + len(gap) for gap in (b"\n\r\n", b"\n\n") if (at := octets.find(gap, start)) >= 0]
    return min(ends, default=None)
