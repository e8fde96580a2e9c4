"""What an export holds, wherever it was chosen from: told as a manifest, or as an mbox or a zip of the octets."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Final, Literal

from msgspec import Struct

from gateway.accounts.account import Account
from gateway.errors import PreconditionFailed
from gateway.imap.encode.fetch_item import Item
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from gateway.mail.address import id_of_message
from gateway.mail.convoy import Begin, Carried, Convoy, End, Life
from gateway.mail.desk import Desk
from gateway.mail.download import Download
from gateway.mail.export_resource import ExportedMessage, ExportManifest
from gateway.mail.query import Tagged, entity_tag
from gateway.message.date import rfc3339
from gateway.message.mbox import Quoting, from_line
from gateway.message.zip_stream import ZipStream

Format = Literal["mbox", "zip"]
Named = Callable[[Carried], str]
_TYPES: Final[dict[Format, str]] = {"mbox": "application/mbox", "zip": "application/zip"}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Chosen(Struct, frozen=True):
    """``messages`` in order. ``title`` names the file; ``name`` tells a message's own, ``cursor`` goes on after it."""

    title: str
    messages: tuple[Carried, ...]
    name: Named
    cursor: Named
    next_cursor: str | None

    def tag(self, account: Account) -> str:
        """Stands for these messages, which never change, in this order."""
        each = (f"{one.life.name.wire.hex()}\0{one.life.uidvalidity}\0{one.uid}" for one in self.messages)
        return entity_tag(account.id, "export", self.title, *each, str(self.next_cursor))


class Export(Struct, frozen=True):
    """The octets, and where the next export goes on."""

    download: Download
    next_cursor: str | None


def manifest_of(chosen: Chosen, account: Account) -> Tagged[ExportManifest]:
    messages = [
        ExportedMessage(
            id=id_of_message(message.life.name, message.life.uidvalidity, message.uid),
            size=message.size,
            received_at=rfc3339(message.received.astimezone(UTC)),
            name=chosen.name(message),
            cursor=chosen.cursor(message),
        )
        for message in chosen.messages
    ]
    return Tagged(ExportManifest(messages=messages, next_cursor=chosen.next_cursor), chosen.tag(account))


def opened(desk: Desk, account: Account, chosen: Chosen, format_: Format, if_match: frozenset[str] | None) -> Export:
    """The messages one after the other; whole ones only, and of those that are still there.

    Where a message is gone by the time that its turn comes, the export ends in order before it.
    Raises PreconditionFailed where it holds other messages than ``if_match``.
    """
    etag = chosen.tag(account)
    if if_match is not None and not if_match & {etag, "*"}:
        raise PreconditionFailed("the export would hold other messages than the manifest", field="If-Match")
    convoy = Convoy(desk, account, chosen.messages)
    download = Download(
        content_type=_TYPES[format_],
        filename=f"{chosen.title}.{format_}",
        etag=etag,
        size=None,
        start=0,
        stop=None,
        ranges=False,
        chunks=as_mbox(convoy) if format_ == "mbox" else as_zip(convoy, chosen.name),
    )
    return Export(download, chosen.next_cursor)


async def described(session: Session, life: Life, uids: tuple[int, ...]) -> tuple[Carried, ...]:
    """The messages of the open folder, in the order of ``uids``; those that are gone are left out."""
    asked = (Item.UID, Item.SIZE, Item.INTERNALDATE)
    got = (await session.fetch(UidSet.of(uids), asked)).messages if uids else {}
    found = ((uid, got[uid]) for uid in uids if uid in got)
    return tuple(Carried(life, uid, one.size or 0, one.internaldate or _EPOCH) for uid, one in found)


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


async def as_zip(convoy: Convoy, name: Named) -> AsyncGenerator[bytes, None]:
    pieces, made = convoy.pieces(), ZipStream()
    async with aclosing(pieces):
        async for piece in pieces:
            match piece:
                case Begin(message):
                    yield made.begin(name(message), message.received, message.size)
                case End():
                    yield made.end()
                case _:
                    yield made.feed(piece)
    yield made.finish()
