"""A folder's messages to take away: a manifest of them, and their octets as an mbox or a zip."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from gateway.accounts.account import Account
from gateway.errors import IdExpired, PreconditionFailed
from gateway.imap.encode.fetch_item import Item
from gateway.imap.name import MailboxName
from gateway.imap.uids import UidSet
from gateway.mail.address import id_of_message
from gateway.mail.again import reading
from gateway.mail.convoy import Begin, Carried, Convoy, End
from gateway.mail.desk import Desk
from gateway.mail.download import Download
from gateway.mail.export_resource import ExportedMessage, ExportManifest
from gateway.mail.filter import filter_fingerprint, plan
from gateway.mail.messages import entity_tag
from gateway.mail.query import Tagged
from gateway.mail.request import Filter
from gateway.mail.rising import rising
from gateway.mail.roles import resolve
from gateway.message.date import rfc3339
from gateway.message.mbox import Quoting, from_line
from gateway.message.zip_stream import ZipStream
from gateway.sync.export_cursor import ExportCursor

Format = Literal["mbox", "zip"]
_TYPES: Final[dict[Format, str]] = {"mbox": "application/mbox", "zip": "application/zip"}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ExportQuery:
    """The ``limit`` oldest messages after ``cursor`` that pass ``filter``."""

    limit: int = 1000
    cursor: str | None = None
    filter: Filter = field(default_factory=Filter)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What an export holds. ``above``: it goes on over this UID; None: nothing is left."""

    name: MailboxName
    uidvalidity: int
    messages: tuple[Carried, ...]
    above: int | None
    fingerprint: bytes

    def cursor(self, above: int) -> str:
        return ExportCursor(self.uidvalidity, above, self.fingerprint).encode()

    @property
    def next_cursor(self) -> str | None:
        return None if self.above is None else self.cursor(self.above)

    def tag(self, account: Account) -> str:
        """Stands for these messages, which never change, in this order."""
        uids = ",".join(str(message.uid) for message in self.messages)
        return entity_tag(account.id, "export", self.name.text, str(self.uidvalidity), uids, str(self.above))


@dataclass(frozen=True, slots=True)
class Export:
    """The octets, and where the next export goes on."""

    download: Download
    next_cursor: str | None


async def manifest(desk: Desk, account: Account, ref: str, query: ExportQuery) -> Tagged[ExportManifest]:
    """What an export of the same query holds. Raises NotFound, InvalidRequest, IdExpired."""
    chosen = await choose(desk, account, ref, query)
    messages = [
        ExportedMessage(
            id=id_of_message(chosen.name, chosen.uidvalidity, message.uid),
            size=message.size,
            received_at=rfc3339(message.received.astimezone(UTC)),
            name=file_name(message),
            cursor=chosen.cursor(message.uid),
        )
        for message in chosen.messages
    ]
    return Tagged(ExportManifest(messages=messages, next_cursor=chosen.next_cursor), chosen.tag(account))


async def open_export(
    desk: Desk, account: Account, ref: str, query: ExportQuery, format_: Format, *, if_match: frozenset[str] | None
) -> Export:
    """The messages one after the other, oldest first; whole ones only, and of those that are still there.

    Where a message is gone by the time that its turn comes, the export ends in order before it.
    Raises NotFound, InvalidRequest, IdExpired, and PreconditionFailed where it holds other messages than ``if_match``.
    """
    chosen = await choose(desk, account, ref, query)
    etag = chosen.tag(account)
    if if_match is not None and not if_match & {etag, "*"}:
        raise PreconditionFailed("the export would hold other messages than the manifest", field="If-Match")
    convoy = Convoy(desk, account, chosen.name, chosen.uidvalidity, chosen.messages)
    download = Download(
        content_type=_TYPES[format_],
        filename=f"{chosen.name.text}.{format_}",
        etag=etag,
        size=None,
        start=0,
        stop=None,
        ranges=False,
        chunks=as_mbox(convoy) if format_ == "mbox" else as_zip(convoy),
    )
    return Export(download, chosen.next_cursor)


@reading
async def choose(desk: Desk, account: Account, ref: str, query: ExportQuery) -> Chosen:
    name = await resolve(desk, account, ref)
    search, fingerprint = plan(query.filter), filter_fingerprint(query.filter)
    cursor = ExportCursor.parse(query.cursor, fingerprint=fingerprint) if query.cursor else None
    async with desk.folder(account, name) as (session, mailbox):
        validity = mailbox.uidvalidity or 0
        if cursor is not None and cursor.uidvalidity != validity:
            raise IdExpired("the folder was rebuilt since this cursor was given out", field="cursor")
        uids, above = await rising(session, mailbox, cursor.uid_above if cursor else 0, query.limit, search)
        asked = (Item.UID, Item.SIZE, Item.INTERNALDATE)
        got = (await session.fetch(UidSet.of(uids), asked)).messages if uids else {}
    found = ((uid, got[uid]) for uid in uids if uid in got)
    carried = tuple(Carried(uid, one.size or 0, one.internaldate or _EPOCH) for uid, one in found)
    return Chosen(name, validity, carried, above, fingerprint)


def file_name(message: Carried) -> str:
    """Sorts by time of arrival, and no two of a folder are the same."""
    return f"{message.received.astimezone(UTC):%Y%m%dT%H%M%SZ}-{message.uid:010}.eml"


async def as_mbox(convoy: Convoy) -> AsyncGenerator[bytes, None]:
    pieces, quoting = convoy.pieces(), Quoting()
    async with aclosing(pieces):
        async for piece in pieces:
            match piece:
                case Begin(message, sender):
                    quoting = Quoting()
                    out = from_line(sender, message.received)
                case End():
                    out = quoting.finish()
                case _:
                    out = quoting.feed(piece)
            if out:
                yield out


async def as_zip(convoy: Convoy) -> AsyncGenerator[bytes, None]:
    pieces, made = convoy.pieces(), ZipStream()
    async with aclosing(pieces):
        async for piece in pieces:
            match piece:
                case Begin(message):
                    yield made.begin(file_name(message), message.received, message.size)
                case End():
                    yield made.end()
                case _:
                    yield made.feed(piece)
    yield made.finish()
