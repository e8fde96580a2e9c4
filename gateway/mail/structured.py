"""Parts of a message that say something to programs: which they are, and their octets in one round trip."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from gateway.accounts.account import Account
from gateway.imap.encode.fetch_item import Section
from gateway.imap.structure import BodyPart
from gateway.mail.address import check_validity, parse_message
from gateway.mail.desk import Desk
from gateway.mail.messages import fetch_one
from gateway.mail.parts import structure_of
from gateway.message.transfer import decoder


class PartOctets(Struct, frozen=True):
    """A part as it came; ``cut``: there is more of it."""

    part: BodyPart
    encoded: bytes
    cut: bool

    def decoded(self) -> bytes:
        transfer = decoder(self.part.encoding)
        return transfer.feed(self.encoded) + (b"" if self.cut else transfer.finish())


async def fetch_parts(
    desk: Desk, account: Account, message_id: str, choose: Callable[[Sequence[BodyPart]], Sequence[BodyPart]], most: int
) -> tuple[Sequence[BodyPart], dict[str, PartOctets]]:
    """The message's own parts, and up to ``most`` octets of those that ``choose`` names, by part number.

    Raises NotFound, and IdExpired where the folder was rebuilt since.
    """
    name, wanted = parse_message(message_id)
    async with desk.folder(account, name) as (session, mailbox):
        check_validity(mailbox, wanted.uidvalidity)
        _, root = await structure_of(session, wanted.uid)
        own = list(own_parts(root))
        chosen = choose(own)
        sections = {part.section: Section(part.section, partial=(0, most)) for part in chosen}
        if not sections:
            return own, {}
        found = (await fetch_one(session, wanted.uid, tuple(sections.values()))).sections
    octets = {number: found.get(section.key) for number, section in sections.items()}
    return own, {
        part.section: PartOctets(part, encoded, cut=len(encoded) >= most)
        for part in chosen
        for encoded in [octets[part.section]]
        if isinstance(encoded, bytes)
    }


def own_parts(root: BodyPart) -> Iterator[BodyPart]:
    """The message's leaves in order, those of attached messages not among them."""
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if not part.is_multipart:
            yield part
        waiting.extend(reversed(part.parts))
