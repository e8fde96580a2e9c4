"""Finding a part of a message by the number that clients know it by."""

from __future__ import annotations

from gateway.errors import InvalidRequest, NotFound
from gateway.imap.encode.fetch_item import Item, Section
from gateway.imap.response import Fetched
from gateway.imap.session import Session
from gateway.imap.structure import BodyPart
from gateway.mail.address import gone
from gateway.mail.messages import fetch_one

STRUCTURE_ITEMS = (Item.UID, Item.SIZE, Item.INTERNALDATE, Item.BODYSTRUCTURE)


async def structure_of(session: Session, uid: int) -> tuple[Fetched, BodyPart]:
    """The message's MIME tree. Where the server can't describe it, its text stands in as one plain part."""
    fetched = await fetch_one(session, uid, STRUCTURE_ITEMS)
    if fetched.structure is not None:
        return fetched, fetched.structure
    return fetched, BodyPart("text", "plain", size=fetched.size or 0, section="1")


def find_part(root: BodyPart, part_id: str) -> BodyPart:
    """The leaf (or attached message) with that part number. Raises InvalidRequest, NotFound."""
    section(part_id)
    for part in root.walk():
        if part.section == part_id and not part.is_multipart:
            return part
    raise NotFound("the message has no such part", field="part")


def find_message(root: BodyPart, part_id: str) -> BodyPart:
    """The MIME tree of the attached message with that part number. Raises InvalidRequest, NotFound."""
    part = find_part(root, part_id)
    if part.message is None:
        raise NotFound("this part is no message that the mail server can open", field="part")
    return part.message


async def octets_of(session: Session, uid: int, part_id: str) -> bytes:
    """A part as it is encoded in the message, whole: for parts that are small. Raises NotFound."""
    wanted = section(part_id)
    found = (await session.fetch_sections(uid, (wanted,))).get(wanted.key)
    if found is None:
        raise gone()
    return found


def section(part_id: str) -> Section:
    """The section to fetch for a part number. Raises InvalidRequest naming ``part``."""
    if not part_id:
        raise InvalidRequest("a part is named like 1.2", field="part")
    return Section(part_id)
