"""One connection that watches what is of its beat, for all streams of its account.

It listens (NOTIFY, IDLE, or not at all), and after every sign of change asks the server for what changed, with the very
code that answers ``GET …/changes``. Each stream has a position of its own, so a client that resumes from an old state
and one that is up to date are served by the same look, without a gap or a repeat at the seam.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Protocol

from gateway.accounts.account import Account
from gateway.errors import (
    ClientError,
    GatewayError,
    LocalError,
    NotFound,
    Refused,
    SignInRefused,
    Unauthenticated,
    Unavailable,
)
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.live.backoff import Backoff
from gateway.live.beat import Beat
from gateway.live.ear import Ear
from gateway.live.ear_idle import IdleEar
from gateway.live.ear_notify import NotifyEar
from gateway.live.ear_poll import PollEar
from gateway.live.first_look import FirstLook
from gateway.live.lookout import Lookout
from gateway.live.stream import Stream
from gateway.live.sweep import recheck, sweep
from gateway.mail.desk import Desk, target_of
from gateway.settings.model import Live

OVERFLOWS = 3
"""After so many NOTIFICATIONOVERFLOWs a connection goes without NOTIFY."""
REFUSALS = 3
"""Refusals in a row, without a reason, after which a folder or a connection is given up."""


class Host(Protocol):
    """Whom it watches for."""

    def credential(self) -> Account: ...

    def audience(self, name: MailboxName) -> Iterable[Stream]:
        """The streams that may be told of this folder now."""
        ...

    def heard(self, watcher: Watcher) -> None:
        """It has a connection, and an ear."""
        ...

    def moved(self) -> None:
        """A folder is not as it was when it was looked at before."""
        ...

    def relisted(self) -> None:
        """The folder list was read."""
        ...

    def refused(self, lookout: Lookout, error: NotFound | Refused) -> None:
        """The folder could not be looked at; the connection is well."""
        ...

    def failed(self, watcher: Watcher, error: GatewayError) -> None:
        """It has given up."""
        ...


class Watcher:
    """Runs from :meth:`start` until :meth:`stop`, or until it fails for good. ``alone``: of one folder, by IDLE."""

    def __init__(
        self, desk: Desk, live: Live, beat: Beat, host: Host, backoff: Backoff, *, alone: bool = False
    ) -> None:
        self.beat = beat
        self.ear: Ear | None = None
        self.provider = ""
        self.first = FirstLook()
        self._desk, self._live, self._host, self._backoff = desk, live, host, backoff
        self._alone = alone
        self._overflows = 0
        self._unswept = True
        self._swept_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._ended)

    async def stop(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def _run(self) -> None:
        while True:
            try:
                await self._watch()
            except (ClientError, SignInRefused, LocalError) as error:
                return self._give_up(error)
            except GatewayError as error:
                if not self.first.taken or not may_pass(error, self._backoff.failures):
                    return self._give_up(error)
                self._fail(error)
                await asyncio.sleep(self._backoff.failed())

    def _ended(self, task: asyncio.Task[None]) -> None:
        """One that broke by a defect of ours, or was stopped before its first look, leaves nobody hanging."""
        if task.cancelled():
            self._fail(Unavailable("the account is watched no more"))
            return
        defect = task.exception()
        if defect is not None:
            broken = LocalError("the watcher broke")
            broken.__cause__ = defect
            self._give_up(broken)

    def _give_up(self, error: GatewayError) -> None:
        self._host.failed(self, error)  # who may hand the folders to another
        self._fail(error)

    def _fail(self, error: GatewayError) -> None:
        """Who waits for a first look waits in vain."""
        self.first.fail(error)
        if self.beat.roster is not None:
            self.beat.roster.first.fail(error)
        for lookout in self.beat:
            lookout.first.fail(error)

    async def _watch(self) -> None:
        """Sign in, then look and listen in turn, until the connection is lost, outlived, or its credential nears
        its end.

        The next connection then begins with a sweep, so that nothing is missed in between.
        """
        account = self._host.credential()
        if account.renewal is not None:
            account = await account.renewal.fresh()
        left = account.useful_for(self._desk.clock(), self._backoff.chance())
        if left is not None and left <= 0:
            raise Unauthenticated("the token has expired", code="invalid_token")
        self.provider = account.provider.name
        with suppress(TimeoutError):
            async with asyncio.timeout(left), self._desk.pool.watch(target_of(account)) as session:
                try:
                    await self._attend(session)
                finally:
                    session.on_notice = None

    async def _attend(self, session: Session) -> None:
        loop = asyncio.get_running_loop()
        self._overflows = 0
        ear = await self._listening(session)
        while True:
            if ear.deaf:
                self._overflows += 1
                ear = await self._listening(session)
            if self._unswept or self.beat.list_due or loop.time() >= self._swept_at + ear.sweep_seconds():
                self._unswept, self._swept_at = False, loop.time()
                await sweep(session, self.beat, ear, self._host)
            await self._round(session, ear)
            if self.beat.gauge is not None and self.beat.gauge.due(loop.time()):
                await self.beat.gauge.look(session, loop.time())
            self._backoff.worked()
            if session.outlived or self._doubts():
                return  # to another connection
            if self.beat.quiet:
                self.beat.wake.clear()
                await ear.listen(self._swept_at + ear.sweep_seconds() - loop.time())

    def _doubts(self) -> bool:
        """Whether what this connection shows of a folder is not to be believed."""
        doubtful = [lookout for lookout in self.beat if lookout.doubtful]
        for lookout in doubtful:
            lookout.doubtful = False
        return bool(doubtful)

    async def _listening(self, session: Session) -> Ear:
        """The best ear that can be had; whatever happened until now is found out by a sweep."""
        self.ear = ear = await self._best(session)
        self.first.take()
        self._host.heard(self)
        self._unswept = True
        for lookout in self.beat:
            lookout.forget()
            if not self.beat.listing or lookout.owed or lookout.mode == "window":
                self.beat.call(lookout.name)
        return ear

    async def _best(self, session: Session) -> Ear:
        if session.capabilities.has("NOTIFY") and not self._alone and self._overflows < OVERFLOWS:
            ear = NotifyEar(session, self.beat, self._live)
            if await ear.begin():
                return ear
        if session.capabilities.has("IDLE"):
            return IdleEar(session, self.beat, self._live)
        return PollEar(session, self.beat, self._live)

    async def _round(self, session: Session, ear: Ear) -> None:
        """Look at what is due, but let the folder list go first, and a sweep not wait for ever."""
        looked: list[Lookout] = []
        for _ in range(len(self.beat.lookouts) + 1):
            lookout = None if self.beat.list_due else self.beat.next()
            if lookout is None:
                break
            await self._look(session, lookout, ear)
            looked.append(lookout)
        if ear.anchor is not None:
            anchor = self.beat.lookouts[ear.anchor]
            if session.mailbox is None or session.mailbox.name != ear.anchor:
                await self._look(session, anchor, ear)
        elif ear.way == "notify" and looked:
            await recheck(session, self.beat, looked)

    async def _look(self, session: Session, lookout: Lookout, ear: Ear) -> None:
        """What is told of the folder while it is open is no news to whoever leaves it: it is looked at again."""
        before = lookout.state
        try:
            await lookout.look(session, self._host.audience, asyncio.get_running_loop().time())
        except (NotFound, Refused) as error:
            if not session.alive:
                raise session.fault or error from error
            self._host.refused(lookout, error)
        else:
            if lookout.state != before:
                self._host.moved()
            if lookout.name != ear.anchor and session.mailbox is not None and session.mailbox.version:
                self.beat.call(lookout.name)


def may_pass(error: GatewayError, failures: int) -> bool:
    """Whether another try may help. A bare NO can mean that the folder was rebuilt or removed: opening it tells."""
    if isinstance(error, Refused) and error.imap_code is None:
        return failures < REFUSALS
    return error.answer().retryable
