"""What the verbs work with: the pool, the limits and a clock, and the way from an account to a signed-in session."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType

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
                async with _Doubting(session, mailbox), _Populated(session, mailbox, readonly=readonly):
                    yield session, mailbox
                return
            async with _Suspecting(session):
                if meanwhile and _lasts(mailbox):
                    async with session.news():
                        yield session, mailbox
                    return
                mailbox = await current(session, mailbox)
                async with _Populated(session, mailbox, readonly=readonly):
                    yield session, mailbox

    def stale(self, account: Account, name: MailboxName) -> AbstractAsyncContextManager[Session]:
        """A session with the folder open as it was last known, for who refreshes it."""
        return _Stale(self, account, name)


class _Stale:
    """What ``Desk.stale`` gives: a lease, and within it what is thought of a refusal."""

    __slots__ = ("_desk", "_doubt", "_lease", "_name")

    def __init__(self, desk: Desk, account: Account, name: MailboxName) -> None:
        self._desk, self._name = desk, name
        self._lease = desk.leased(account, name)

    async def __aenter__(self) -> Session:
        session = await self._lease.__aenter__()
        held = session.mailbox
        try:
            mailbox = await open_folder(session, self._name, readonly=self._desk.examines())
        except BaseException as error:
            await self._lease.__aexit__(type(error), error, error.__traceback__)
            raise
        if mailbox is not held:
            self._desk.entered(mailbox)
        self._doubt = _Suspecting(session) if mailbox is held else _Doubting(session, mailbox)
        return session

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is not None:
                await self._doubt.__aexit__(kind, error, trace)
        except BaseException as other:
            await self._lease.__aexit__(type(other), other, other.__traceback__)
            raise
        await self._lease.__aexit__(kind, error, trace)


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


class _Populated:
    """What is read of a mailbox that has lost all its messages meanwhile is true: ``still_there``."""

    __slots__ = ("_exists", "_mailbox", "_readonly", "_session")

    def __init__(self, session: Session, mailbox: Mailbox, *, readonly: bool) -> None:
        self._session, self._mailbox, self._readonly = session, mailbox, readonly
        self._exists = mailbox.exists

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and self._readonly:
            await still_there(self._session, self._mailbox, self._exists)


class _Suspecting:
    """A bare NO in a folder that was open already: some servers say so when it was deleted or made anew meanwhile.

    The folder is left, so that it is opened again, and FolderStale has the verb tried again.
    """

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Refused) and error.imap_code is None and error.status == "NO":
            with suppress(Refused):
                await self._session.unselect()
            raise FolderStale("the folder was changed under the connection") from error


class _Doubting:
    """A bare NO in a folder that was opened a moment ago: it may have gone since, which opening it again tells."""

    __slots__ = ("_mailbox", "_session")

    def __init__(self, session: Session, mailbox: Mailbox) -> None:
        self._session, self._mailbox = session, mailbox

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Refused) and error.imap_code is None and error.status == "NO":
            uidvalidity = self._mailbox.uidvalidity
            if (await open_folder(self._session, self._mailbox.name, again=True)).uidvalidity != uidvalidity:
                raise FolderStale("the folder was made anew under the connection") from error


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
