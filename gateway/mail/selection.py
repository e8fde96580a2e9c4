"""Which messages a bulk request means, and what became of each of them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, Struct

from gateway.errors import IdExpired, InvalidRequest, NotFound, Reply, TooLarge
from gateway.imap.encode.fetch_item import Item
from gateway.imap.mailbox import Mailbox
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from gateway.mail.address import id_of_message
from gateway.mail.filter import plan
from gateway.mail.find import find
from gateway.mail.request import Selection
from gateway.mail.resource import Outcome
from gateway.sync.ids import MessageId


class Chosen(Struct, frozen=True):
    """UIDs that are in the folder, and the outcomes already known of those that are not."""

    name: MailboxName
    uidvalidity: int
    uids: UidSet
    settled: tuple[Outcome, ...]

    def outcome(self, uid: int, status: int = 200) -> Outcome:
        return Outcome(id=id_of_message(self.name, self.uidvalidity, uid), status=status)


def ids_of(selection: Selection, name: MailboxName, most: int) -> tuple[MessageId, ...] | None:
    """The messages named, parsed before anything is sent; None where a filter chooses. Raises InvalidRequest."""
    if (selection.ids is UNSET) == (selection.filter is UNSET):
        raise InvalidRequest("give either ids or filter", field="ids")
    if selection.ids is UNSET:
        return None
    if not selection.ids:
        raise InvalidRequest("no message is named", field="ids")
    if len(selection.ids) > most:
        raise InvalidRequest(f"at most {most} messages in one request", field="ids")
    parsed = tuple(MessageId.parse(text, field="ids") for text in selection.ids)
    if any(message.mailbox != name.wire for message in parsed):
        raise InvalidRequest("a message of another folder is named", field="ids")
    return parsed


async def choose(
    session: Session, mailbox: Mailbox, selection: Selection, ids: tuple[MessageId, ...] | None, most: int
) -> Chosen:
    """The messages that are there. A filter that matches more than ``most`` changes nothing: TooLarge."""
    name, validity = mailbox.name, mailbox.uidvalidity or 0
    if ids is None:
        return Chosen(name, validity, await _filtered(session, selection, most), ())
    expired = tuple(_failed(message, IdExpired.reply) for message in ids if message.uidvalidity != validity)
    asked = UidSet.of(message.uid for message in ids if message.uidvalidity == validity)
    there = (await session.fetch(asked, (Item.UID,))).messages if asked else {}
    missing = tuple(_failed(MessageId(name.wire, validity, uid), NotFound.reply) for uid in asked if uid not in there)
    return Chosen(name, validity, UidSet.of(uid for uid in asked if uid in there), expired + missing)


def in_order(outcomes: Iterable[Outcome], ids: tuple[MessageId, ...] | None) -> list[Outcome]:
    """Outcomes in the order that the client named the messages, each once."""
    by_id = {outcome.id: outcome for outcome in outcomes}
    if ids is None:
        return list(by_id.values())
    return [by_id[text] for text in dict.fromkeys(message.encode() for message in ids) if text in by_id]


async def _filtered(session: Session, selection: Selection, most: int) -> UidSet:
    assert selection.filter is not UNSET
    search = plan(selection.filter)
    if search is None:
        raise InvalidRequest("an empty filter would mean every message; name at least one condition", field="filter")
    uids = await find(session, search.key)
    if len(uids) > most:
        raise TooLarge(f"the filter matches {len(uids)} messages; at most {most} in one request", field="filter")
    return UidSet.of(uids)


def _failed(message: MessageId, reply: Reply) -> Outcome:
    return Outcome(id=message.encode(), status=reply.status, type=reply.type)
