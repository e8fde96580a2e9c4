"""A message that is attached to a message, opened: what its headers say, and what it is made of."""

from __future__ import annotations

from collections.abc import Callable

from gateway.accounts.account import Account
from gateway.imap.encode.fetch_item import Section
from gateway.mail.address import check_validity, parse_message
from gateway.mail.again import reading
from gateway.mail.desk import Desk
from gateway.mail.messages import fetch_one
from gateway.mail.parts import find_message, find_part, structure_of
from gateway.mail.resource import EmbeddedMessage
from gateway.mail.summary import envelope_fields, part_tree
from gateway.message.body import has_attachment
from gateway.message.header import first, split_fields
from gateway.message.ids import message_ids


@reading
async def get_embedded(
    desk: Desk, account: Account, message_id: str, part_id: str, part_href: Callable[[str], str]
) -> EmbeddedMessage:
    """Its parts have numbers of the message that it is attached to, so they open like that one's own.

    Raises NotFound, also where the part is no message; IdExpired, InvalidRequest.
    """
    name, wanted = parse_message(message_id)
    async with desk.folder(account, name) as (session, mailbox):
        check_validity(mailbox, wanted.uidvalidity)
        _, root = await structure_of(session, wanted.uid)
        part, structure = find_part(root, part_id), find_message(root, part_id)
        header = Section(part_id, "HEADER.FIELDS", fields=("References",))
        found = (await fetch_one(session, wanted.uid, (header,))).sections.get(header.key)
    references = first(split_fields(found), b"references") if isinstance(found, bytes) else None
    return EmbeddedMessage(
        part_id=part_id,
        size=part.size,
        **envelope_fields(part.message_envelope),
        references=message_ids(references),
        has_attachment=has_attachment(structure),
        body_structure=part_tree(structure, part_href),
    )
