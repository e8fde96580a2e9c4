"""Several verbs one after the other on one connection, so that a folder they share is opened once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from msgspec import Struct, field

from gateway.accounts.account import Account
from gateway.errors import ClientError, LocalError
from gateway.imap.mailbox import Mailbox
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.mail.desk import Desk, target_of


class Seat(Struct):
    """The connection of a sitting, while it has one; who has the ``turn`` uses it."""

    account: str | None = None
    lease: AbstractAsyncContextManager[Session] | None = None
    session: Session | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(self, lease: AbstractAsyncContextManager[Session]) -> Session:
        session = await lease.__aenter__()
        self.lease, self.session = lease, session
        return session

    async def give_back(self, error: BaseException | None = None) -> None:
        """The next one opens what it needs anew."""
        lease, session = self.lease, self.session
        self.lease = self.session = None
        if session is not None and session.mailbox is not None:
            session.mailbox.kept = False
        if lease is not None:
            kind, trace = (None, None) if error is None else (type(error), error.__traceback__)
            await lease.__aexit__(kind, error, trace)

    def fits(self, name: MailboxName | None) -> bool:
        """Whether the connection at hand will do: for another folder the pool may have a better one."""
        if self.session is None or not self.session.clean:
            return False
        return name is None or (self.session.mailbox is not None and self.session.mailbox.name == name)


@dataclass(frozen=True, slots=True)
class Sitting(Desk):
    """A desk that keeps its connection from one verb to the next, for one account, until it is left.

    The folder that is open on it is the sitting's own: to be current it takes a NOOP, not another SELECT. Verbs, and
    what they do side by side, take turns. ``writes``: folders are opened so that they can be written to as well.
    """

    seat: Seat
    writes: bool

    @classmethod
    def at(cls, desk: Desk, *, writes: bool) -> Self:
        return cls(desk.pool, desk.limits, desk.clock, desk.summaries, Seat(), writes, bulk=desk.bulk)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.seat.give_back(error)

    def leased(self, account: Account, name: MailboxName | None = None) -> AbstractAsyncContextManager[Session]:
        return self._turn(account, name)

    def examines(self) -> bool:
        return not self.writes

    def entered(self, mailbox: Mailbox) -> None:
        mailbox.kept = True

    @asynccontextmanager
    async def _turn(self, account: Account, name: MailboxName | None) -> AsyncIterator[Session]:
        async with self.seat.turn:
            session = await self._seated(account, name)
            try:
                yield session
            except ClientError as error:  # our own refusal: what the server was asked it has answered
                if not session.clean:
                    await self.seat.give_back(error)
                raise
            except BaseException as error:
                await self.seat.give_back(error)
                raise
            if name is not None and session.mailbox is not None:
                session.mailbox.kept = True  # it was open before, and this verb has made it current

    async def _seated(self, account: Account, name: MailboxName | None) -> Session:
        seat = self.seat
        if seat.account not in (None, account.id):
            raise LocalError("a sitting is of one account")
        seat.account = account.id
        if seat.session is None or not seat.fits(name):
            await seat.give_back()
            return await seat.take(self.pool.lease(target_of(account), name, bulk=self.bulk))
        if name is None and seat.session.mailbox is not None:
            await seat.session.noop()  # what STATUS tells of an open folder is of when it was last heard of
        return seat.session
