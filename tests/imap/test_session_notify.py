"""NOTIFY on Dovecot, and what servers tell in between on scripted ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from gateway.errors import LocalError, Refused
from gateway.imap.encode.event_group import FOLDERS, MESSAGES, Event, Scope, Selected, Watched
from gateway.imap.encode.fetch_item import Item
from gateway.imap.name import MailboxName
from gateway.imap.response import Listed, Status
from gateway.imap.session import Session
from gateway.imap.session_notify import Notice
from gateway.imap.uids import UidSet
from tests.imap.conftest import Joiner, Opener
from tests.imap.mails import INBOX, ONE, OTHER, SMALL, fill
from tests.imap.scripted import Expect, Meet, Send, Step, scripted, selected, signed_in

RENAMED = MailboxName(b"Renamed")
PATIENCE = 15.0


class Notices:
    """What was told by itself, and waiting for some of it."""

    def __init__(self, session: Session) -> None:
        self.all: list[Notice] = []
        self.asked: list[Notice] = []
        self._news = asyncio.Event()
        session.on_notice = self._take

    def _take(self, notice: Notice, asked: bool) -> None:
        (self.asked if asked else self.all).append(notice)
        self._news.set()

    async def until(self, wanted: Callable[[Notice], bool]) -> Notice:
        async with asyncio.timeout(PATIENCE):
            while True:
                for notice in self.all:
                    if wanted(notice):
                        return notice
                self._news.clear()
                await self._news.wait()

    async def status(self, name: MailboxName, **values: int) -> Notice:
        return await self.until(
            lambda notice: (
                isinstance(notice, Status) and notice.name == name and values.items() <= notice.values.items()
            )
        )

    async def listed(self, name: MailboxName, *attributes: str, but: str = "") -> Notice:
        return await self.until(
            lambda notice: (
                isinstance(notice, Listed)
                and notice.name == name
                and notice.attributes >= set(attributes)
                and but not in notice.attributes
            )
        )


# --- a real server ---


async def test_news_of_other_mailboxes(opened: Opener) -> None:
    watcher, other = await opened(), await opened()
    await other.create(OTHER)
    await watcher.select(INBOX)
    notices = Notices(watcher)
    told = await watcher.notify(Selected(), Watched(Scope.PERSONAL), status=True)
    assert watcher.notifying
    assert told[OTHER].values["MESSAGES"] == 0
    assert {"UIDVALIDITY", "UIDNEXT"} <= told[OTHER].values.keys()
    notices.all.clear()

    await other.append(OTHER, len(SMALL), SMALL)
    first = await notices.status(OTHER, MESSAGES=1, UIDNEXT=2)
    assert isinstance(first, Status)
    await other.select(OTHER)
    await other.store(ONE, add=[b"\\Seen"])
    before = int(first.values["HIGHESTMODSEQ"])
    await notices.until(
        lambda notice: (
            isinstance(notice, Status) and notice.name == OTHER and int(notice.values.get("HIGHESTMODSEQ", 0)) > before
        )
    )
    await other.store(ONE, add=[b"\\Deleted"])
    await other.expunge(ONE)
    await notices.status(OTHER, MESSAGES=0)
    assert watcher.clean


async def test_news_of_a_mailbox_whose_name_is_not_ascii(opened: Opener) -> None:
    """Dovecot 2.3 spells it in UTF-8 then, and in modified UTF-7 everywhere else: one mailbox all the same."""
    watcher, other = await opened(), await opened()
    grown, made = (MailboxName.from_text(text) for text in ("Übersicht", "日本語"))
    await other.create(grown)
    notices = Notices(watcher)
    await watcher.notify(Selected(delayed=True), Watched(Scope.PERSONAL))
    await other.append(grown, len(SMALL), SMALL)
    await other.create(made)
    await notices.status(grown, MESSAGES=1)
    await notices.listed(made)
    listed = {each.listed.name for each in await watcher.list(status=("MESSAGES",))}
    assert {grown, made} <= listed
    assert all(name.wire.isascii() for name in listed)


async def test_news_of_the_selected_mailbox_and_of_others_in_one_idle(opened: Opener) -> None:
    """In IDLE too, where Dovecot tells of the selected mailbox at once; out of it, not until the second change."""
    watcher, other = await opened(), await opened()
    await other.create(OTHER)
    await fill(watcher, 1)
    mailbox = watcher.mailbox
    assert mailbox is not None
    notices = Notices(watcher)
    await watcher.notify(Selected(MESSAGES, (Item.UID, Item.FLAGS)), Watched(Scope.PERSONAL))
    async with watcher.idle() as pushes:
        await other.append(INBOX, len(SMALL), SMALL)
        while mailbox.exists < 2:
            assert await pushes.wait(PATIENCE)
        await other.append(OTHER, len(SMALL), SMALL)
        await notices.status(OTHER, MESSAGES=1)
    assert (await watcher.fetch(UidSet.of([2]), [Item.FLAGS])).messages.keys() == {2}


async def test_mailboxes_and_subscriptions_that_come_and_go(opened: Opener) -> None:
    watcher, other = await opened(), await opened()
    notices = Notices(watcher)
    await watcher.notify(Watched(Scope.PERSONAL, FOLDERS))
    await other.create(OTHER)
    await notices.listed(OTHER, but="\\nonexistent")
    await other.subscribe(OTHER)
    await notices.listed(OTHER, "\\subscribed")
    notices.all.clear()
    await other.rename(OTHER, RENAMED)
    renamed = await notices.listed(RENAMED)
    assert isinstance(renamed, Listed)
    assert renamed.oldname in (None, OTHER)
    await other.delete(RENAMED)
    await notices.listed(RENAMED, "\\nonexistent")


async def test_none_ends_it(opened: Opener) -> None:
    watcher, other = await opened(), await opened()
    await other.create(OTHER)
    notices = Notices(watcher)
    await watcher.notify(Watched(Scope.PERSONAL))
    await watcher.notify_none()
    assert not watcher.notifying
    await other.append(OTHER, len(SMALL), SMALL)
    assert (await watcher.status(OTHER, ["MESSAGES"])).values["MESSAGES"] == 1
    assert notices.all == []


async def test_other_commands_go_on_meanwhile(opened: Opener) -> None:
    """News of a mailbox come in the midst of questions about the same one; each question keeps its answer."""
    watcher, other = await opened(), await opened()
    await other.create(OTHER)
    await watcher.select(INBOX)
    notices = Notices(watcher)
    await watcher.notify(Selected(), Watched(Scope.PERSONAL))
    items = ["MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "HIGHESTMODSEQ"]
    for number in range(20):
        _, status, folders = await asyncio.gather(
            other.append(OTHER, len(SMALL), SMALL), watcher.status(OTHER, items), watcher.list(status=items)
        )
        assert set(items) <= status.values.keys()
        assert int(status.values["MESSAGES"]) in (number, number + 1)
        (found,) = (folder for folder in folders if folder.listed.name == OTHER)
        assert found.status is not None
        assert set(items) <= found.status.values.keys()
    await watcher.noop()
    last = [notice for notice in (*notices.all, *notices.asked) if isinstance(notice, Status) and notice.name == OTHER]
    assert last


async def test_without_it_nothing_is_said(opened: Opener) -> None:
    session = await opened("NOTIFY")
    with pytest.raises(LocalError):
        await session.notify(Watched(Scope.PERSONAL))


# --- scripted ones ---

PERSONAL = Expect(r"NOTIFY SET \(personal \(MessageNew MessageExpunge\)\)")
NEW = Watched(Scope.PERSONAL, (Event.MESSAGE_NEW, Event.MESSAGE_EXPUNGE))


def notifying(*more: Step) -> list[Step]:
    return [*signed_in("IMAP4rev1 NOTIFY"), PERSONAL, Send(b"{tag} OK\r\n"), *more]


async def test_news_come_while_nothing_is_asked(joined: Joiner) -> None:
    meet = Meet()
    news = b'* STATUS "Other" (UIDNEXT 9 MESSAGES 3)\r\n* LIST (\\NonExistent) "/" Gone\r\n* 4 FETCH (UID 4)\r\n'
    async with scripted(*notifying(meet, Send(news))) as server:
        session = await joined(server)
        notices = Notices(session)
        await session.notify(NEW)
        await meet.go()
        await notices.status(OTHER, UIDNEXT=9, MESSAGES=3)
        await notices.listed(MailboxName(b"Gone"), "\\nonexistent")
        assert session.clean


async def test_news_of_the_selected_mailbox_need_no_idle(joined: Joiner) -> None:
    meet, done = Meet(), Meet()
    notify = Expect(r"NOTIFY SET \(selected \(MessageNew \(UID FLAGS\) MessageExpunge FlagChange\)\)")
    news = b"* 4 EXISTS\r\n* 4 FETCH (UID 10 FLAGS ())\r\n* 1 EXPUNGE\r\n"
    script = [*signed_in("IMAP4rev1 NOTIFY"), *selected(), notify, Send(b"{tag} OK\r\n"), meet, Send(news), done]
    async with scripted(*script, Expect("NOOP"), Send(b"{tag} OK\r\n")) as server:
        session = await joined(server)
        mailbox = await session.select(INBOX)
        await session.notify(Selected(items=(Item.UID, Item.FLAGS)))
        assert not mailbox.changed
        await meet.go()
        await done.go()
        await session.noop()
        assert (mailbox.changed, mailbox.exists, mailbox.version) == (True, 3, 3)


async def test_news_in_an_answer_cost_it_nothing(joined: Joiner) -> None:
    """Less than was asked for, before the answer or after it; and the hook hears all of it."""
    answer = b'* STATUS "Other" (MESSAGES 3 UNSEEN 2 UIDNEXT 9)\r\n'
    news = b'* STATUS "Other" (UIDNEXT 10 MESSAGES 4)\r\n'
    script = notifying(
        Expect("STATUS .+"),
        Send(news + answer + b"{tag} OK\r\n"),
        Expect("STATUS .+"),
        Send(answer + news + b"{tag} OK\r\n"),
    )
    async with scripted(*script) as server:
        session = await joined(server)
        notices = Notices(session)
        await session.notify(NEW)
        items = ["MESSAGES", "UNSEEN", "UIDNEXT"]
        assert (await session.status(OTHER, items)).values == {"MESSAGES": 3, "UNSEEN": 2, "UIDNEXT": 9}
        assert (await session.status(OTHER, items)).values == {"MESSAGES": 4, "UNSEEN": 2, "UIDNEXT": 10}
        assert (len(notices.asked), len(notices.all)) == (4, 0)


async def test_too_much_for_the_server_is_the_end_of_it(joined: Joiner) -> None:
    meet = Meet()
    async with scripted(*notifying(meet, Send(b"* OK [NOTIFICATIONOVERFLOW] no more\r\n"))) as server:
        session = await joined(server)
        notices = Notices(session)
        await session.notify(NEW)
        await meet.go()
        await notices.until(lambda notice: not isinstance(notice, Status | Listed))
        assert not session.notifying
        assert session.alive


async def test_a_refusal_leaves_what_was_agreed_before(joined: Joiner) -> None:
    refusal: list[Step] = [PERSONAL, Send(b"{tag} NO [BADEVENT (MessageNew MessageExpunge)] not that\r\n")]
    async with scripted(*notifying(*refusal)) as server:
        session = await joined(server)
        await session.notify(NEW)
        with pytest.raises(Refused) as refused:
            await session.notify(NEW)
        assert refused.value.imap_code == "BADEVENT"
        assert session.notifying
    async with scripted(*signed_in("IMAP4rev1 NOTIFY"), *refusal) as server:
        session = await joined(server)
        with pytest.raises(Refused):
            await session.notify(NEW)
        assert not session.notifying


async def test_answers_of_list_are_no_news(joined: Joiner) -> None:
    script = [
        *signed_in("IMAP4rev1 NOTIFY"),
        *selected(),
        Expect("STATUS .+"),
        Send(b"* STATUS Other (MESSAGES 3)\r\n{tag} OK\r\n"),
    ]
    async with scripted(*script) as server:
        session = await joined(server)
        notices = Notices(session)
        await session.select(INBOX)
        await session.status(OTHER, ["MESSAGES"])
        assert notices.all == notices.asked == []
