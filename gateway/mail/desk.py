"""What the verbs work with: the pool, the limits and a clock, and the way from an account to a signed-in session."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field

from gateway.accounts.account import Account
from gateway.errors import FolderStale, NotFound, Refused
from gateway.imap.mailbox import Mailbox
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.mail.summaries import Summaries
from gateway.pool.pool import Pool
from gateway.pool.target import Target
from gateway.settings.model import Limits


@dataclass(frozen=True, slots=True)
class Desk:
    """Handed to every verb; built once by the composition.

    ``bulk``: what is done at it yields to what somebody waits for.
    """

    pool: Pool
    limits: Limits
    clock: Callable[[], float]
    summaries: Summaries
    bulk: bool = field(default=False, kw_only=True)

    def leased(self, account: Account, name: MailboxName | None = None) -> AbstractAsyncContextManager[Session]:
        """A connection for one verb, best with that folder open."""
        return self.pool.lease(target_of(account), name, bulk=self.bulk)

    def examines(self) -> bool:
        """Whether a folder that is only read is opened for reading only."""
        return True

    def entered(self, mailbox: Mailbox) -> None:
        """Told of each folder that was opened a moment ago."""

    @asynccontextmanager
    async def session(self, account: Account) -> AsyncIterator[Session]:
        """A signed-in session of the account, whatever folder it has open."""
        async with self.leased(account) as session:
            yield session

    @asynccontextmanager
    async def folder(
        self, account: Account, name: MailboxName, *, readonly: bool = True, meanwhile: bool = False
    ) -> AsyncIterator[tuple[Session, Mailbox]]:
        """A session with the folder open, and told of what happened to it until now.

        Where the folder is open already the server is asked for news first: without that it may show messages as they
        were. ``meanwhile``: where it can't be another folder by now, in the same round trip as the first command, for
        one that changes messages by UID. Raises NotFound where there is no such folder.
        """
        async with self.leased(account, name) as session:
            held = session.mailbox
            mailbox = await open_folder(session, name, readonly=readonly and self.examines())
            if mailbox is not held:
                self.entered(mailbox)
                async with _doubting(session, mailbox), _populated(session, mailbox, readonly=readonly):
                    yield session, mailbox
                return
            async with _suspecting(session):
                if meanwhile and _lasts(mailbox):
                    async with session.news():
                        yield session, mailbox
                    return
                mailbox = await current(session, mailbox)
                async with _populated(session, mailbox, readonly=readonly):
                    yield session, mailbox

    @asynccontextmanager
    async def stale(self, account: Account, name: MailboxName) -> AsyncIterator[Session]:
        """A session with the folder open as it was last known, for who refreshes it."""
        async with self.leased(account, name) as session:
            held = session.mailbox
            mailbox = await open_folder(session, name, readonly=self.examines())
            if mailbox is not held:
                self.entered(mailbox)
                async with _doubting(session, mailbox):
                    yield session
                return
            async with _suspecting(session):
                yield session


async def current(session: Session, mailbox: Mailbox) -> Mailbox:
    """The open mailbox, as it is now (docs/decisions/0006-fresh-reads.md).

    NOOP has the server tell what it held back (RFC 9051 section 7.5). Only INBOX can't be deleted and made anew, which
    a session that has it open may not notice: any other mailbox is opened again, unless who opened it kept it.
    """
    if not _lasts(mailbox):
        return await open_folder(session, mailbox.name, readonly=mailbox.readonly, again=True)
    await session.noop()
    return mailbox


def _lasts(mailbox: Mailbox) -> bool:
    """Whether it can't have become another mailbox since it was opened."""
    return mailbox.name.is_inbox or mailbox.kept


async def still_there(session: Session, mailbox: Mailbox, exists: int) -> None:
    """The open mailbox had ``exists`` messages a moment ago; if it has none now, that is so. Else raises Refused.

    Cyrus takes all messages out of a mailbox that is renamed or deleted while it is open, and answers a search with
    none. Raises FolderStale where another one has its name, or it has messages after all: it may be back by now.
    """
    if not exists or mailbox.exists or session.mailbox is not mailbox:
        return
    uidvalidity = mailbox.uidvalidity
    now = await session.select(mailbox.name, readonly=mailbox.readonly, again=True)
    if now.uidvalidity != uidvalidity or now.exists:
        raise FolderStale("the folder was made anew under the connection")


@asynccontextmanager
async def _populated(session: Session, mailbox: Mailbox, *, readonly: bool) -> AsyncIterator[None]:
    """What is read of a mailbox that has lost all its messages meanwhile is true: ``still_there``."""
    exists = mailbox.exists
    yield
    if readonly:
        await still_there(session, mailbox, exists)


@asynccontextmanager
async def _suspecting(session: Session) -> AsyncIterator[None]:
    """A bare NO in a folder that was open already: some servers say so when it was deleted or made anew meanwhile.

    The folder is left, so that it is opened again, and FolderStale has the verb tried again.
    """
    try:
        yield
    except Refused as refused:
        if refused.imap_code is not None or refused.status != "NO":
            raise
        with suppress(Refused):
            await session.unselect()
        raise FolderStale("the folder was changed under the connection") from refused


@asynccontextmanager
async def _doubting(session: Session, mailbox: Mailbox) -> AsyncIterator[None]:
    """A bare NO in a folder that was opened a moment ago: it may have gone since, which opening it again tells."""
    try:
        yield
    except Refused as refused:
        if refused.imap_code is not None or refused.status != "NO":
            raise
        uidvalidity = mailbox.uidvalidity
        if (await open_folder(session, mailbox.name, again=True)).uidvalidity != uidvalidity:
            raise FolderStale("the folder was made anew under the connection") from refused
        raise


async def open_folder(session: Session, name: MailboxName, *, readonly: bool = True, again: bool = False) -> Mailbox:
    """Open a folder (``again`` even where it is open); a refusal without a telling code means there is none."""
    try:
        return await session.select(name, readonly=readonly, again=again)
    except Refused as refused:
        if refused.imap_code is None and session.outlived:
            raise FolderStale("the folder was made anew under the connection") from refused
        if refused.imap_code in (None, "NONEXISTENT", "TRYCREATE"):
            raise NotFound("no such folder, or it can't be opened", field="folder") from refused
        raise


def target_of(account: Account) -> Target:
    """The account as the pool knows it."""
    return Target(
        account_id=account.id,
        provider=account.provider.name,
        endpoint=account.endpoint,
        credential=account.credential,
        expires_at=account.expires_at,
        ignore=frozenset(name.upper() for name in account.provider.disable_capabilities),
        compress=account.provider.compress,
    )
