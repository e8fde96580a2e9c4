"""Whole messages and single parts as downloads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import assert_never

from msgspec.structs import replace

from gateway.accounts.account import Account
from gateway.errors import LocalError
from gateway.imap.encode.fetch_item import Item, Section
from gateway.imap.structure import BodyPart
from gateway.mail.address import check_validity, parse_message
from gateway.mail.again import reading
from gateway.mail.desk import Desk
from gateway.mail.download import ByteRange, Download
from gateway.mail.hose import Hose, Octets, octets
from gateway.mail.messages import fetch_one
from gateway.mail.parts import find_part, section, structure_of
from gateway.mail.slicing import Decoded, Held, Served, Sliced, Way, identity, way_to, whole
from gateway.message.disposition import may_show_inline, served_type
from gateway.message.lines import Lines
from gateway.message.parameter import charset_label, file_name
from gateway.message.transfer import decoder


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
    """One part, decoded. A range is exact where its place can be told: see ``way_to``.

    Where it can't, a range is answered by the whole part, which RFC 9110 section 14.2 permits.
    Raises NotFound, IdExpired, RangeNotSatisfiable, InvalidRequest.
    """
    name, wanted = parse_message(message_id)
    tag = f"{account.id}.{message_id}"  # ids alone may be the same in two accounts
    async with desk.folder(account, name) as (session, mailbox):
        check_validity(mailbox, wanted.uidvalidity)
        _, root = await structure_of(session, wanted.uid)
        part = find_part(root, part_id)
        way = await way_to(session, wanted.uid, part) if range_ is not None else None
    what = Octets(name, wanted.uidvalidity, wanted.uid, section(part_id))
    if range_ is not None and way is not None:
        start, stop = range_.resolve(way.size)
        return _part(tag, part, way.size, start, stop, await _range(desk, account, what, way, start, stop))
    told, chunks = await octets(desk, account, what)
    if identity(part):
        return _part(tag, part, told, 0, told, chunks)
    return _part(tag, part, None, 0, None, Decoded(chunks, decoder(part.encoding)))


async def _range(desk: Desk, account: Account, what: Octets, way: Way, start: int, stop: int) -> AsyncIterator[bytes]:
    match way:
        case Held(data):
            return whole(data[start:stop])
        case Served():
            return await _exactly(desk, account, what, start, stop)
        case Lines():
            window = way.window(start, stop)
            encoded = await _exactly(desk, account, what, window.start, window.stop)
            return Sliced(Decoded(encoded, decoder("base64")), window.drop, stop - start)
        case _:
            assert_never(way)


async def _exactly(desk: Desk, account: Account, what: Octets, start: int, stop: int) -> Hose:
    size, chunks = await octets(desk, account, replace(what, start=start, stop=stop))
    if size != stop - start:
        await chunks.aclose()
        raise LocalError("the server sent another number of octets than were asked for")
    return chunks


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
