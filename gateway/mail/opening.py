"""Folders opened for a verb, as they are now: what the verbs read is never older than the verb.

What a server says or leaves out while a folder is used may mean that it is another one by now.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from types import TracebackType
from typing import Generic, TypeVar

from gateway.errors import FolderStale, NotFound, Refused
from gateway.imap.mailbox import Mailbox
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.session_core import bare

T = TypeVar("T")
R = TypeVar("R")


async def current(session: Session, mailbox: Mailbox) -> Mailbox:
    """The open mailbox, as it is now (docs/decisions/0006-fresh-reads.md).

    NOOP has the server tell what it held back (RFC 9051 section 7.5). Only INBOX can't be deleted and made anew, which
    a session that has it open may not notice: any other mailbox is opened again, unless who opened it kept it.
    """
    if not lasts(mailbox):
        return await open_folder(session, mailbox.name, readonly=mailbox.readonly, again=True)
    await session.noop()
    return mailbox


def lasts(mailbox: Mailbox) -> bool:
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


class _Wary(ABC):
    """Thinks twice of a NO that does not say why."""

    __slots__ = ("_mailbox", "_session")

    def __init__(self, session: Session, mailbox: Mailbox) -> None:
        self._session, self._mailbox = session, mailbox

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Refused) and bare(error):
            await self._think(error)

    @abstractmethod
    async def _think(self, refused: Refused) -> None:
        """Raises FolderStale where the folder may be another one by now."""


class _Suspecting(_Wary):
    """A bare NO in a folder that was open already: some servers say so when it was deleted or made anew meanwhile.

    The folder is left, so that it is opened again, and FolderStale has the verb tried again.
    """

    __slots__ = ()

    async def _think(self, refused: Refused) -> None:
        with suppress(Refused):
            await self._session.unselect()
        raise FolderStale("the folder was changed under the connection") from refused


class _Doubting(_Wary):
    """A bare NO in a folder that was opened a moment ago: it may have gone since, which opening it again tells."""

    __slots__ = ()

    async def _think(self, refused: Refused) -> None:
        uidvalidity = self._mailbox.uidvalidity
        if (await open_folder(self._session, self._mailbox.name, again=True)).uidvalidity != uidvalidity:
            raise FolderStale("the folder was made anew under the connection") from refused


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


class Opened(ABC, Generic[T]):
    """A session with the folder open, for one verb. ``examines``: it is opened for reading only.

    ``entered`` is told of a folder that was not open before.
    """

    def __init__(
        self,
        lease: AbstractAsyncContextManager[Session],
        name: MailboxName,
        *,
        examines: bool,
        entered: Callable[[Mailbox], None],
    ) -> None:
        self._lease, self._name, self._examines = lease, name, examines
        self._entered = entered
        self._within: list[AbstractAsyncContextManager[object]] = []  # the outermost first

    async def __aenter__(self) -> T:
        session = await self._enter(self._lease)
        try:
            return await self._begin(session)
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._within:
            return
        try:
            await self._within.pop().__aexit__(kind, error, trace)
        except BaseException as other:
            await self.__aexit__(type(other), other, other.__traceback__)
            raise
        await self.__aexit__(kind, error, trace)

    @abstractmethod
    async def _begin(self, session: Session) -> T:
        """What the verb works with."""

    async def _enter(self, manager: AbstractAsyncContextManager[R]) -> R:
        entered = await manager.__aenter__()
        self._within.append(manager)
        return entered

    async def _open(self, session: Session) -> tuple[Mailbox, bool]:
        """The mailbox, and whether it was open before. From here on there is something to be thought of a refusal."""
        held = session.mailbox
        mailbox = await open_folder(session, self._name, readonly=self._examines)
        was_open = mailbox is held
        if not was_open:
            self._entered(mailbox)
        await self._enter((_Suspecting if was_open else _Doubting)(session, mailbox))
        return mailbox, was_open


class Stale(Opened[Session]):
    """As it was last known, for who refreshes it."""

    async def _begin(self, session: Session) -> Session:
        await self._open(session)
        return session


class Current(Opened[tuple[Session, Mailbox]]):
    """Told of what happened to it until now: see ``Desk.folder``."""

    def __init__(
        self,
        lease: AbstractAsyncContextManager[Session],
        name: MailboxName,
        *,
        examines: bool,
        entered: Callable[[Mailbox], None],
        readonly: bool,
        meanwhile: bool,
    ) -> None:
        super().__init__(lease, name, examines=examines, entered=entered)
        self._readonly, self._meanwhile = readonly, meanwhile

    async def _begin(self, session: Session) -> tuple[Session, Mailbox]:
        mailbox, was_open = await self._open(session)
        if was_open and self._meanwhile and lasts(mailbox):
            await self._enter(session.news())
            return session, mailbox
        if was_open:
            mailbox = await current(session, mailbox)
        await self._enter(_Populated(session, mailbox, readonly=self._readonly))
        return session, mailbox
