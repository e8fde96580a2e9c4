"""All attachments of a message as one zip archive."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import cast

from msgspec.structs import replace

from gateway.accounts.account import Account
from gateway.errors import NotFound, ProtocolViolation
from gateway.imap.encode.fetch_item import Section
from gateway.imap.structure import BodyPart
from gateway.mail.address import check_validity, parse_message
from gateway.mail.again import reading
from gateway.mail.desk import Desk
from gateway.mail.download import Download
from gateway.mail.hose import Octets, octets
from gateway.mail.parts import section, structure_of
from gateway.mail.slicing import Decoded
from gateway.message.body import decompose
from gateway.message.file_names import FileNames
from gateway.message.parameter import file_name
from gateway.message.transfer import decoder
from gateway.message.words import decode_words
from gateway.message.zip_stream import ZipStream


@reading
async def open_attachments(desk: Desk, account: Account, message_id: str) -> Download:
    """The parts that the body lists as attachments, decoded, in that order; one after the other comes from the server.

    Raises NotFound, also where there is none to have, and IdExpired.
    """
    name, wanted = parse_message(message_id)
    async with desk.folder(account, name) as (session, mailbox):
        check_validity(mailbox, wanted.uidvalidity)
        fetched, root = await structure_of(session, wanted.uid)
    parts = [cast("BodyPart", part) for part in decompose(root).attachments] if fetched.structure is not None else []
    received = fetched.internaldate or datetime.now(UTC)
    if not parts:
        raise NotFound("the message has no attachments", field="message")
    return Download(
        content_type="application/zip",
        filename="attachments.zip",
        etag=f'"{account.id}.{message_id}.zip"',
        size=None,
        start=0,
        stop=None,
        ranges=False,
        chunks=_zipped(desk, account, Octets(name, wanted.uidvalidity, wanted.uid, Section()), parts, received),
    )


async def _zipped(
    desk: Desk, account: Account, where: Octets, parts: Sequence[BodyPart], received: datetime
) -> AsyncIterator[bytes]:
    """An attachment that can't be had ends all: no archive is silently short of one."""
    archive, names = ZipStream(), FileNames()
    for part in parts:
        _, hose = await octets(desk, account, replace(where, section=section(part.section)))
        source = Decoded(hose, decoder(part.encoding))
        try:
            yield archive.begin(names.name(_name(part)), received, part.size)
            async for piece in source:
                if made := _fed(archive, piece):
                    yield made
        finally:
            await source.aclose()
            ended = archive.end()  # also where the client has left: an entry left open would complain
        yield ended
    yield archive.finish()


def _fed(archive: ZipStream, piece: bytes) -> bytes:
    try:
        return archive.feed(piece)
    except RuntimeError as error:
        raise ProtocolViolation("a part is much larger than the mail server said") from error


def _name(part: BodyPart) -> str:
    """As the message names it; an attached message by its subject."""
    unnamed = f"part-{part.section}"
    if part.message_envelope is not None:
        unnamed = f"{decode_words(part.message_envelope.subject) or unnamed}.eml"
    return file_name(part) or unnamed
