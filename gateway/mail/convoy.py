"""Whole messages one after the other, in constant memory, without holding a connection for a slow reader.

Small messages are fetched some at a time, each such batch on a lease of its own; a large one flows through a hose.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Final

from msgspec import Struct

from gateway.accounts.account import Account
from gateway.errors import NotFound
from gateway.imap.encode.fetch_item import FetchItem, Item, Section
from gateway.imap.envelope import Envelope
from gateway.imap.name import MailboxName
from gateway.imap.response import Fetched
from gateway.imap.uids import UidSet
from gateway.mail.address import check_validity
from gateway.mail.again import reading
from gateway.mail.desk import Desk
from gateway.mail.hose import Hose, Octets, octets

BATCH: Final = 1 << 20
"""Octets of small messages that are held at a time. A larger message is not held at all."""
BATCH_COUNT: Final = 64
_WHOLE: Final = Section()


class Life(Struct, frozen=True):
    """One life of a folder: a UID means one message in it, for good (RFC 9051 section 2.3.1.1)."""

    name: MailboxName
    uidvalidity: int


class Carried(Struct, frozen=True):
    """A message that is to be carried, as the server described it."""

    life: Life
    uid: int
    size: int
    received: datetime


class Begin(Struct, frozen=True):
    """Its octets follow. ``sender`` is local@host of the From field, or None."""

    message: Carried
    sender: bytes | None


class End(Struct, frozen=True):
    """All octets of the message are there."""

    message: Carried


class Convoy(Struct, frozen=True):
    """``messages`` of an account; those of one folder are together."""

    desk: Desk
    account: Account
    messages: Sequence[Carried]

    async def pieces(self) -> AsyncGenerator[Begin | bytes | End, None]:
        """For each message a Begin, octets, an End. Ends in order before the first message that is gone.

        Raises IdExpired where a folder was rebuilt, and what the server's side raises. Must be closed if left early.
        """
        for batch in _batches(self.messages):
            pieces = self._large(batch[0]) if batch[0].size > BATCH else self._small(batch)
            whole = 0
            async with aclosing(pieces):
                async for piece in pieces:
                    whole += isinstance(piece, End)
                    yield piece
            if whole < len(batch):
                return

    async def _small(self, batch: Sequence[Carried]) -> AsyncGenerator[Begin | bytes | End, None]:
        fetched = await self._fetch(batch, (Item.UID, Item.ENVELOPE, _WHOLE))
        for message in batch:
            found = fetched.pop(message.uid, None)
            octets_ = found.sections.get(_WHOLE.key) if found is not None else None
            if found is None or not isinstance(octets_, bytes):
                return
            yield Begin(message, sender(found.envelope))
            yield octets_
            yield End(message)

    async def _large(self, message: Carried) -> AsyncGenerator[Begin | bytes | End, None]:
        fetched = await self._fetch((message,), (Item.UID, Item.ENVELOPE))
        if message.uid not in fetched:
            return
        try:
            hose = await self._open(message)
        except NotFound:
            return
        async with aclosing(hose):
            yield Begin(message, sender(fetched[message.uid].envelope))
            async for piece in hose:
                yield piece
            yield End(message)

    @reading
    async def _open(self, message: Carried) -> Hose:
        life = message.life
        return (await octets(self.desk, self.account, Octets(life.name, life.uidvalidity, message.uid, _WHOLE)))[1]

    @reading
    async def _fetch(self, batch: Sequence[Carried], items: Sequence[FetchItem]) -> dict[int, Fetched]:
        life = batch[0].life
        async with self.desk.folder(self.account, life.name) as (session, mailbox):
            check_validity(mailbox, life.uidvalidity)
            return (await session.fetch(UidSet.of(message.uid for message in batch), items)).messages


def sender(envelope: Envelope | None) -> bytes | None:
    """local@host of the first From address that has both."""
    for address in envelope.from_ if envelope is not None else ():
        if address.mailbox and address.host:
            return address.mailbox + b"@" + address.host
    return None


def _batches(messages: Sequence[Carried]) -> Iterator[Sequence[Carried]]:
    """Neighbours of one folder that are held together; a large message is by itself."""
    batch: list[Carried] = []
    octets_ = 0
    for message in messages:
        full = octets_ + message.size > BATCH or len(batch) == BATCH_COUNT
        if batch and (full or message.life != batch[0].life):
            yield batch
            batch, octets_ = [], 0
        batch.append(message)
        octets_ += message.size
    if batch:
        yield batch
