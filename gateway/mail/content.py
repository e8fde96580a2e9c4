"""Whole messages and single parts as downloads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Self

from gateway.accounts.account import Account
from gateway.errors import LocalError, Refused
from gateway.imap.encode.fetch_item import BinarySize, Item, Section
from gateway.imap.session import Session
from gateway.imap.structure import BodyPart
from gateway.mail.address import check_validity, parse_message
from gateway.mail.again import reading
from gateway.mail.desk import Desk
from gateway.mail.download import ByteRange, Download
from gateway.mail.hose import Hose, Octets, octets
from gateway.mail.messages import fetch_one
from gateway.mail.parts import find_part, section, structure_of
from gateway.message.disposition import may_show_inline, served_type
from gateway.message.parameter import charset_label, file_name
from gateway.message.transfer import Decoder, decoder

IDENTITY = frozenset(("7bit", "8bit", "binary", ""))


@reading
async def open_raw(desk: Desk, account: Account, message_id: str, range_: ByteRange | None) -> Download:
    """The message as the server has it. Raises NotFound, IdExpired, RangeNotSatisfiable."""
    name, wanted = parse_message(message_id)
    tag = f"{account.id}.{message_id}"  # ids alone may be the same in two accounts
    what = Octets(name, wanted.uidvalidity, wanted.uid, Section())
    if range_ is None:
        size, chunks = await octets(desk, account, what)
        return _message(tag, size, 0, size, chunks)
    async with desk.folder(account, name) as (session, mailbox):
        check_validity(mailbox, wanted.uidvalidity)
        size = (await fetch_one(session, wanted.uid, (Item.UID, Item.SIZE))).size or 0
    start, stop = range_.resolve(size)
    return _message(tag, size, start, stop, await _exactly(desk, account, what, start, stop))


@reading
async def open_part(desk: Desk, account: Account, message_id: str, part_id: str, range_: ByteRange | None) -> Download:
    """One part, decoded. A range is exact where the part is not encoded or the server decodes it (RFC 3516).

    Where neither holds, a range is answered by the whole part, which RFC 9110 section 14.2 permits.
    Raises NotFound, IdExpired, RangeNotSatisfiable, InvalidRequest.
    """
    name, wanted = parse_message(message_id)
    tag = f"{account.id}.{message_id}"  # ids alone may be the same in two accounts
    plain = section(part_id)
    async with desk.folder(account, name) as (session, mailbox):
        check_validity(mailbox, wanted.uidvalidity)
        _, root = await structure_of(session, wanted.uid)
        part = find_part(root, part_id)
        size = await _decoded_size(session, wanted.uid, part) if range_ is not None or _identity(part) else None
    what = Octets(name, wanted.uidvalidity, wanted.uid, plain)
    if range_ is not None and size is not None:
        start, stop = range_.resolve(size)
        exact = what if _identity(part) else replace(what, section=replace(plain, binary=True))
        return _part(tag, part, size, start, stop, await _exactly(desk, account, exact, start, stop))
    told, chunks = await octets(desk, account, what)
    if _identity(part):
        return _part(tag, part, told, 0, told, chunks)
    return _part(tag, part, None, 0, None, Decoded(chunks, decoder(part.encoding)))


class Decoded:
    """What comes of a source through an incremental decoder."""

    def __init__(self, source: Hose, transfer: Decoder) -> None:
        self._source, self._transfer = source, transfer
        self._ended = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while not self._ended:
            piece = await anext(self._source, None)
            self._ended = piece is None
            if out := self._transfer.finish() if piece is None else self._transfer.feed(piece):
                return out
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Closes the source, whether or not anything was read."""
        await self._source.aclose()


async def _exactly(desk: Desk, account: Account, what: Octets, start: int, stop: int) -> AsyncIterator[bytes]:
    size, chunks = await octets(desk, account, replace(what, start=start, stop=stop))
    if size != stop - start:
        await chunks.aclose()
        raise LocalError("the server sent another number of octets than were asked for")
    return chunks


async def _decoded_size(session: Session, uid: int, part: BodyPart) -> int | None:
    """Octets after decoding; None where only decoding all of it would tell."""
    if _identity(part):
        return part.size
    if not session.capabilities.has("BINARY"):
        return None
    try:
        sizes = (await fetch_one(session, uid, (Item.UID, BinarySize(part.section)))).binary_sizes
    except Refused:
        return None  # an encoding that this server does not know (RFC 3516 section 4.3)
    return sizes.get(part.section)


def _identity(part: BodyPart) -> bool:
    return part.encoding in IDENTITY


def _message(tag: str, size: int | None, start: int, stop: int | None, chunks: AsyncIterator[bytes]) -> Download:
    return Download(
        content_type="message/rfc822",
        filename="message.eml",
        etag=f'"{tag}"',
        size=size,
        start=start,
        stop=stop,
        ranges=True,
        chunks=chunks,
    )


def _part(
    tag: str, part: BodyPart, size: int | None, start: int, stop: int | None, chunks: AsyncIterator[bytes]
) -> Download:
    charset = charset_label(part)
    kind = served_type(part)
    if kind.startswith("text/") and charset and charset.isascii() and charset.replace("-", "").isalnum():
        kind = f"{kind}; charset={charset}"
    return Download(
        content_type=kind,
        filename=file_name(part) or f"part-{part.section}",
        etag=f'"{tag}.{part.section}"',
        size=size,
        start=start,
        stop=stop,
        ranges=True,
        chunks=chunks,
        inline=may_show_inline(part) and part.disposition != "attachment",
    )
