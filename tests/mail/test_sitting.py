"""A sitting: which connection its verbs get, and when it is given back. The pool is a double."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import pytest

from gateway.accounts.account import Account
from gateway.errors import ConnectionLost, LocalError, NotFound
from gateway.imap.credential import Password
from gateway.imap.endpoint import Endpoint
from gateway.imap.mailbox import Mailbox
from gateway.imap.name import MailboxName
from gateway.mail.desk import Desk
from gateway.mail.sitting import Sitting
from gateway.mail.summaries import Summaries
from gateway.pool.pool import Pool
from gateway.pool.target import Target
from gateway.secret import Secret
from gateway.settings.model import Endpoint as ImapSettings
from gateway.settings.model import Limits, PassThrough, Provider

INBOX, ARCHIVE = MailboxName(b"INBOX"), MailboxName(b"Archive")
PROVIDER = Provider(name="example", imap=ImapSettings(host="imap.example.org"), auth=PassThrough())


@dataclass
class FakeSession:
    clean: bool = True
    mailbox: Mailbox | None = None
    said: list[str] = field(default_factory=list)

    async def noop(self) -> None:
        self.said.append("NOOP")

    async def select(self, name: MailboxName, *, readonly: bool = False, again: bool = False) -> Mailbox:
        if self.mailbox is None or self.mailbox.name != name or again or (self.mailbox.readonly and not readonly):
            self.said.append("EXAMINE" if readonly else "SELECT")
            self.mailbox = Mailbox(name, readonly=readonly)
        return self.mailbox


@dataclass
class FakePool:
    """``ended``: how each lease ended. ``open``: what its connections have open already."""

    open: MailboxName | None = None
    sessions: list[FakeSession] = field(default_factory=list)
    ended: list[BaseException | None] = field(default_factory=list)

    @asynccontextmanager
    async def lease(
        self, target: Target, mailbox: MailboxName | None = None, *, bulk: bool = False
    ) -> AsyncIterator[FakeSession]:
        session = FakeSession(mailbox=None if self.open is None else Mailbox(self.open))
        self.sessions.append(session)
        try:
            yield session
        except BaseException as error:
            self.ended.append(error)
            raise
        self.ended.append(None)


def account(name: str = "one") -> Account:
    return Account(
        id=name,
        address=f"{name}@example.org",
        provider=PROVIDER,
        endpoint=Endpoint("imap.example.org", 993, "implicit", None),
        credential=Password(name, Secret("password")),
    )


def sitting(pool: FakePool, *, writes: bool = True) -> Sitting:
    return Sitting.at(Desk(cast("Pool", pool), Limits(), lambda: 0.0, Summaries(0)), writes=writes)


async def test_verbs_on_one_folder_share_its_connection_and_its_opening() -> None:
    pool = FakePool()
    async with sitting(pool) as desk:
        for readonly in (True, False, True):
            async with desk.folder(account(), ARCHIVE, readonly=readonly):
                pass
        async with desk.session(account()):
            assert not pool.ended
    (session,) = pool.sessions
    assert session.said == ["SELECT", "NOOP", "NOOP", "NOOP"]
    assert pool.ended == [None]


async def test_a_folder_that_somebody_else_had_open_is_opened_anew_once() -> None:
    pool = FakePool(open=ARCHIVE)
    async with sitting(pool) as desk:
        async with desk.session(account()):
            pass
        for _ in range(3):
            async with desk.folder(account(), ARCHIVE):
                pass
    assert pool.sessions[0].said == ["SELECT", "NOOP", "NOOP"]


async def test_what_only_reads_opens_for_reading() -> None:
    pool = FakePool()
    async with sitting(pool, writes=False) as desk, desk.folder(account(), ARCHIVE):
        pass
    assert pool.sessions[0].said == ["EXAMINE"]


async def test_another_folder_is_asked_of_the_pool() -> None:
    pool = FakePool()
    async with sitting(pool) as desk:
        for name in (INBOX, ARCHIVE):
            async with desk.folder(account(), name):
                pass
        assert pool.ended == [None]
    assert len(pool.sessions) == 2


async def test_our_own_refusal_keeps_the_connection_and_a_loss_gives_it_back() -> None:
    pool = FakePool()
    async with sitting(pool) as desk:
        with pytest.raises(NotFound):
            async with desk.folder(account(), INBOX):
                raise NotFound("no such message")
        assert pool.ended == []
        lost = ConnectionLost("gone")
        with pytest.raises(ConnectionLost):
            async with desk.folder(account(), INBOX):
                raise lost
        assert pool.ended == [lost]
        async with desk.folder(account(), INBOX) as (_, mailbox):
            assert mailbox.kept
    assert len(pool.sessions) == 2
    assert not mailbox.kept  # whoever gets this connection next opens the folder anew


async def test_a_connection_that_is_not_clean_is_not_kept() -> None:
    pool = FakePool()
    async with sitting(pool) as desk:
        with pytest.raises(NotFound):
            await _refused(desk, pool)
        assert len(pool.ended) == 1


async def _refused(desk: Desk, pool: FakePool) -> None:
    async with desk.folder(account(), INBOX):
        pool.sessions[0].clean = False  # something is in flight yet
        raise NotFound("no such message")


async def test_what_is_done_side_by_side_takes_turns() -> None:
    pool, inside, most = FakePool(), 0, 0

    async def verb(name: MailboxName) -> None:
        nonlocal inside, most
        async with desk.folder(account(), name):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    async with sitting(pool) as desk:
        await asyncio.gather(*(verb(name) for name in (INBOX, INBOX, ARCHIVE)))
    assert most == 1
    assert pool.ended == [None, None]


async def test_it_is_of_one_account() -> None:
    async with sitting(FakePool()) as desk:
        async with desk.session(account("one")):
            pass
        with pytest.raises(LocalError):
            async with desk.session(account("two")):
                pass
