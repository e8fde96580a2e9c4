"""What a page asks of a real server the second time, and that it is answered as the first time."""

from __future__ import annotations

import imaplib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace as altered

import pytest
from msgspec.structs import replace

from gateway.accounts.account import Account
from gateway.imap.credential import Password
from gateway.imap.encode.fetch_item import FetchItem
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.name import MailboxName
from gateway.imap.session import FetchResult, Session
from gateway.imap.uids import UidSet
from gateway.mail.recall import Recall
from gateway.mail.resource import MessageSummary
from gateway.mail.summaries import Place, Summaries
from gateway.mail.summary import summary_items
from gateway.secret import Secret
from gateway.settings.model import Endpoint as ImapSettings
from gateway.settings.model import PassThrough, Provider
from tests.servers.dovecot import Dovecot
from tests.servers.filling import append, letter

INBOX = MailboxName(b"INBOX")
Asked = list[tuple[str, bool]]


class Watched(Session):
    """Notes what is fetched: the UIDs, and whether all of them or flags and size only."""

    asked: Asked

    async def fetch(
        self,
        uids: UidSet,
        items: Sequence[FetchItem],
        *,
        changed_since: int | None = None,
        vanished: bool = False,
        most: int | None = None,
    ) -> FetchResult:
        self.asked.append((str(uids), tuple(items) == summary_items(self)))
        return await super().fetch(uids, items, changed_since=changed_since, vanished=vanished, most=most)


class Reader:
    """A user's INBOX of four messages, read by way of ``kept`` and changed by ``other``."""

    def __init__(self, session: Watched, other: imaplib.IMAP4, account: Account) -> None:
        self.session, self.other, self.account = session, other, account
        self.kept = Summaries(100_000)

    @property
    def place(self) -> Place:
        assert self.session.mailbox is not None
        return Place(self.account.id, b"INBOX", self.session.mailbox.uidvalidity or 0)

    async def page(self, low: int = 1, high: int = 10) -> dict[int, MessageSummary]:
        self.session.asked = []
        mailbox = await self.session.select(INBOX, readonly=True, again=True)
        recall = Recall(self.kept, self.account, self.session, mailbox)
        found = await recall.fetch(UidSet.span(low, high))
        return {uid: recall.summary(found[uid]) for uid in sorted(found)}


@pytest.fixture
async def reader(dovecot: Dovecot) -> AsyncIterator[Reader]:
    user, password = dovecot.guest()
    other = dovecot.client(user, password)
    append(other, "INBOX", map(letter, range(1, 5)))
    other.select("INBOX")
    endpoint, credential = Endpoint(dovecot.host, dovecot.port, "none", None), Password(user, Secret(password))
    provider = Provider(name="test", imap=ImapSettings(host="localhost"), auth=PassThrough())
    account = Account("account", f"{user}@example.org", provider, endpoint, credential)
    session = await Watched.open(endpoint, credential, deadlines=Deadlines(10, 10, 10))
    yield Reader(session, other, account)
    await session.logout()
    other.logout()


async def test_the_second_time_only_flags_and_sizes_are_asked_for(reader: Reader) -> None:
    first = await reader.page()
    assert reader.session.asked == [("1:10", True)]
    again = await reader.page()
    assert (again, list(again)) == (first, [1, 2, 3, 4])
    assert sorted(reader.session.asked) == [("1:4", False), ("5:10", True)]
    assert await reader.page(1, 4) == first
    assert reader.session.asked == [("1:4", False)]


async def test_flags_are_those_of_now(reader: Reader) -> None:
    first = await reader.page()
    reader.other.store("2", "+FLAGS", "(\\Flagged)")
    again = await reader.page()
    assert again[2].flags == ["$flagged"]
    assert {uid: replace(each, flags=[]) for uid, each in again.items()} == first
    reader.other.store("2", "-FLAGS", "(\\Flagged)")
    assert await reader.page() == first


async def test_what_is_new_is_read_and_what_is_gone_is_gone(reader: Reader) -> None:
    first = await reader.page()
    reader.other.store("2", "+FLAGS", "(\\Deleted)")
    reader.other.expunge()
    append(reader.other, "INBOX", [letter(5)])
    again = await reader.page()
    assert list(again) == [1, 3, 4, 5]
    assert again[5].subject == "message 5"
    assert {uid: each for uid, each in again.items() if uid != 5} == {uid: first[uid] for uid in (1, 3, 4)}


async def test_another_size_is_another_message(reader: Reader) -> None:
    """A server that gives out a UIDVALIDITY again may have another message under a UID."""
    first = await reader.page()
    reader.kept.put(reader.place, 3, replace(first[3], subject="of an earlier life", size=first[3].size + 1))
    assert await reader.page(1, 4) == first
    assert reader.session.asked == [("1:4", False), ("3", True)]
    assert reader.kept.of(reader.place)[3].summary(first[3].flags) == first[3]


async def test_nothing_is_remembered_where_uids_do_not_stick(reader: Reader) -> None:
    mailbox = await reader.session.select(INBOX, readonly=True)
    for unsafe in (replace(mailbox, uids_stick=False), replace(mailbox, uidvalidity=None)):
        recall = Recall(reader.kept, reader.account, reader.session, unsafe)
        reader.session.asked = []
        found = await recall.fetch(UidSet.span(1, 4))
        assert [recall.summary(found[uid]).subject for uid in sorted(found)] == [f"message {n}" for n in range(1, 5)]
    assert reader.kept.weight == 0


async def test_another_account_is_asked_for_everything(reader: Reader) -> None:
    await reader.page()
    reader.account = altered(reader.account, id="another")
    await reader.page()
    assert reader.session.asked == [("1:10", True)]
