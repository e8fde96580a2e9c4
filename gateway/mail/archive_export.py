"""Taking old mail away in one answer that tells how far it is: whatever interrupts it, another run goes on."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from msgspec import UNSET, Struct, UnsetType, field

from gateway.accounts.account import Account
from gateway.errors import IdExpired, ProtocolViolation
from gateway.imap.name import MailboxName
from gateway.mail.address import id_of_message
from gateway.mail.again import reading
from gateway.mail.archive import BATCH, older
from gateway.mail.archive_resource import ExportRun, RunBatch, RunEnd, RunLine, RunMessage
from gateway.mail.convoy import Begin, Carried, Convoy, End, Life
from gateway.mail.desk import Desk
from gateway.mail.export_choice import described, file_name
from gateway.mail.rising import rising
from gateway.mail.roles import resolve
from gateway.message.date import rfc3339
from gateway.sync.cursor import fingerprint
from gateway.sync.export_cursor import ExportCursor

if TYPE_CHECKING:
    from hashlib import _Hash

BATCH_OCTETS: Final = 64 << 20
"""After so many octets of messages there is a line that tells of progress, also where they are few."""
PIECE: Final = 49_152
"""Octets in a line: a multiple of three, so that the base64 of a message is that of its lines one after the other."""


class _Found(Struct, frozen=True):
    """Messages of the next batch; ``above``: it goes on over this UID, None: nothing is left."""

    life: Life
    messages: tuple[Carried, ...]
    above: int | None


async def export_run(desk: Desk, account: Account, wanted: ExportRun) -> AsyncGenerator[RunLine, None]:
    """The messages, the oldest first, and progress after each batch, the last with ``done``.

    Raises NotFound, InvalidRequest, IdExpired before the first line; later what the server's side raises. Nothing is
    changed. A message that is gone by its turn is passed over. Must be closed if left early.
    """
    name = await resolve(desk, account, wanted.folder)
    printed = fingerprint("archive-run", wanted.before.isoformat())
    cursor = None if wanted.cursor is UNSET else ExportCursor.parse(wanted.cursor, fingerprint=printed)
    above: int | None = cursor.uid_above if cursor is not None else 0
    validity = cursor.uidvalidity if cursor is not None else None
    exported, stuck = 0, 0
    while above is not None and exported < wanted.limit:
        most = min(BATCH, desk.limits.bulk_max, wanted.limit - exported)
        found = await _next(desk, account, name, wanted, validity, above, most)
        validity, sending = found.life.uidvalidity, _Sending(printed)
        lines = sending.lines(Convoy(desk, account, found.messages))
        async with aclosing(lines):
            async for line in lines:
                yield line
        above, exported = found.above, exported + len(sending.whole)
        if len(sending.whole) < len(found.messages):
            first = found.messages[0].uid
            if not sending.whole and first == stuck:
                raise ProtocolViolation("the mail server lists a message that it does not show")
            stuck, above = first, sending.whole[-1].uid if sending.whole else first - 1
        yield RunLine(
            exported=exported,
            has_more=above is not None,
            done=above is None or exported >= wanted.limit,
            batch=sending.batch(),
        )


@reading
async def _next(
    desk: Desk, account: Account, name: MailboxName, wanted: ExportRun, validity: int | None, above: int, most: int
) -> _Found:
    async with desk.folder(account, name) as (session, mailbox):
        life = Life(name, mailbox.uidvalidity or 0)
        if validity is not None and validity != life.uidvalidity:
            raise IdExpired("the folder was rebuilt meanwhile", field="cursor")
        uids, on = await rising(session, mailbox, above, most, older(wanted.before))
        messages = await described(session, life, uids)
    kept = _within(messages)
    return _Found(life, kept, on if len(kept) == len(messages) else kept[-1].uid)


def _within(messages: tuple[Carried, ...]) -> tuple[Carried, ...]:
    """As many as a batch may hold; one, however large."""
    octets = 0
    for number, message in enumerate(messages):
        octets += message.size
        if number and octets > BATCH_OCTETS:
            return messages[:number]
    return messages


class _Sending(Struct):
    """One batch on its way: what of it came whole, with the hash of all its octets."""

    printed: bytes
    whole: list[Carried] = field(default_factory=list)
    digest: _Hash = field(default_factory=sha256)

    async def lines(self, convoy: Convoy) -> AsyncGenerator[RunLine, None]:
        pieces, own, size, held = convoy.pieces(), sha256(), 0, b""
        async with aclosing(pieces):
            async for piece in pieces:
                match piece:
                    case Begin(message):
                        own, size, held = sha256(), 0, b""
                        yield RunLine(message=_begun(message))
                    case End(message):
                        if held:
                            yield _octets(held)
                        self.whole.append(message)
                        yield RunLine(end=self._ended(message, size, own.hexdigest()))
                    case _:
                        own.update(piece)
                        self.digest.update(piece)
                        size += len(piece)
                        held += piece
                        while len(held) >= PIECE:
                            yield _octets(held[:PIECE])
                            held = held[PIECE:]

    def batch(self) -> RunBatch | UnsetType:
        """What the client can confirm now."""
        if not self.whole:
            return UNSET
        return RunBatch(ids=[_id(one) for one in self.whole], count=len(self.whole), sha256=self.digest.hexdigest())

    def _ended(self, message: Carried, size: int, digest: str) -> RunEnd:
        cursor = ExportCursor(message.life.uidvalidity, message.uid, self.printed).encode()
        return RunEnd(id=_id(message), size=size, sha256=digest, cursor=cursor)


def _begun(message: Carried) -> RunMessage:
    received = rfc3339(message.received.astimezone(UTC))
    return RunMessage(id=_id(message), size=message.size, received_at=received, name=file_name(message))


def _id(message: Carried) -> str:
    return id_of_message(message.life.name, message.life.uidvalidity, message.uid)


def _octets(piece: bytes) -> RunLine:
    return RunLine(octets=b2a_base64(piece, newline=False).decode("ascii"))
