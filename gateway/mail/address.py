"""Ids as clients hold them, read back into the words of the IMAP standard, and the way round."""

from __future__ import annotations

from gateway.errors import IdExpired, NotFound
from gateway.imap.mailbox import Mailbox
from gateway.imap.name import MailboxName
from gateway.sync.ids import MessageId, folder_id, message_id, parse_folder_id


def id_of_folder(name: MailboxName) -> str:
    return folder_id(name.wire)


def name_of_folder(value: str, field: str = "folder") -> MailboxName:
    """The mailbox that a folder id names. Raises InvalidRequest naming ``field``."""
    return MailboxName(parse_folder_id(value, field=field))


def id_of_message(name: MailboxName, uidvalidity: int, uid: int) -> str:
    return message_id(name.wire, uidvalidity, uid)


def parse_message(value: str, field: str = "message") -> tuple[MailboxName, MessageId]:
    """The mailbox and the message that an id names. Raises InvalidRequest naming ``field``."""
    parsed = MessageId.parse(value, field=field)
    return MailboxName(parsed.mailbox), parsed


def check_validity(mailbox: Mailbox, uidvalidity: int) -> None:
    """UIDs mean nothing under another UIDVALIDITY (RFC 9051 section 2.3.1.1). Raises IdExpired."""
    if (mailbox.uidvalidity or 0) != uidvalidity:
        raise IdExpired("the folder was rebuilt since this id was given out")


def gone() -> NotFound:
    return NotFound("no such message", field="message")
