"""Messages for the tests of sessions, and how they get into INBOX and out of it."""

from __future__ import annotations

from gateway.imap.encode.fetch_item import Section
from gateway.imap.encode.search_key import Plain
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.uids import UidSet

INBOX = MailboxName(b"INBOX")
OTHER = MailboxName(b"Other")
ONE = UidSet.of([1])
EVERYTHING = UidSet.from_(1)
SMALL = b"Subject: small\r\n\r\nbody\r\n"


def message(subject: bytes, body: bytes) -> bytes:
    return b"Subject: " + subject + b"\r\nMessage-ID: <a@example.org>\r\n\r\n" + body


async def pour(session: Session, messages: list[bytes]) -> None:
    """Append all and select INBOX."""
    for octets in messages:
        await session.append(INBOX, len(octets), octets)
    await session.select(INBOX)


async def fill(session: Session, count: int) -> None:
    """So many small messages, numbered from 1."""
    await pour(session, [b"Subject: s%d\r\n\r\nbody %d\r\n" % (number, number) for number in range(1, count + 1)])


async def read(session: Session, uid: int, section: Section | None = None) -> bytes:
    async with session.stream(uid, section or Section()) as octets:
        return b"".join([chunk async for chunk in octets])


async def uids_of(session: Session) -> set[int]:
    return set((await session.search(Plain.ALL)).uids or ())
