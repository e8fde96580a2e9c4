"""Leases of signed-in connections, within every limit; the queue in front of :mod:`gateway.pool.keeper`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from random import random as chance
from types import TracebackType
from typing import Final, Generic

from gateway.errors import DeadlinePassed, GatewayError, LocalError, TooManyRequests, Unavailable
from gateway.imap.name import MailboxName
from gateway.pool.budget import Budget, Usage
from gateway.pool.connection import Connection, S
from gateway.pool.failure import QueueFull, lease_outcome
from gateway.pool.keeper import Keeper
from gateway.pool.key import AccountKey
from gateway.pool.ledger import Ledger
from gateway.pool.measure import LeaseOutcome, PoolMetrics
from gateway.pool.plan import Ask, State
from gateway.pool.target import Target
from gateway.pool.tools import Tools
from gateway.pool.waiter import Waiter
from gateway.settings.model import Limits

PROBE_AFTER: Final = 30.0
"""Seconds unused after which a connection is tried with NOOP before it is lent: the way to it may be cut unnoticed."""
PROBE_SECONDS: Final = 3.0


class Lender(Generic[S]):
    """Opens, lends, takes back and closes connections for one process.

    ``clock`` is seconds since the epoch, for the expiry of credentials; ``timer`` is monotonic, for all else;
    ``random`` gives numbers in [0, 1). How long somebody waits is timed by the event loop.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        opener: Callable[[Target], Awaitable[S]],
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = chance,
        metrics: PoolMetrics | None = None,
    ) -> None:
        self._tools = Tools(limits, clock, timer, random, metrics)
        self._ledger: Ledger[S] = Ledger(Budget.of(limits), limits.connections_total)
        self._keeper: Keeper[S] = Keeper(self._tools, opener, self._ledger)
        self._leases = 0
        self._returned = asyncio.Event()

    def lease(
        self, target: Target, mailbox: MailboxName | None = None, *, bulk: bool = False
    ) -> AbstractAsyncContextManager[S]:
        """A signed-in session for the caller alone, best with ``mailbox`` selected already.

        ``bulk`` work yields to the rest: it waits longer, and leaves one connection to it.

        Raises TooManyRequests when none can be had in time, Unavailable while the server is not tried or the pool
        drains, and what opening one raises. A body that is left by an error leaves a session that is lent again only
        once it is known to be clean.
        """
        return _Lease(self, Ask(AccountKey.of(target), mailbox=mailbox, bulk=bulk), target)

    def watch(self, target: Target) -> AbstractAsyncContextManager[S]:
        """A session to watch with, for long; it counts in the budget, not among the pooled. Raises as ``lease`` does.

        Whoever watches ends it when the target expires: a session in use is not taken away.
        """
        return _Lease(self, Ask(AccountKey.of(target), watch=True), target)

    def budget(self, target: Target) -> Usage:
        """What the target's user may open here, and has open."""
        account = self._ledger.accounts.get(AccountKey.of(target).owner)
        if account is None:
            budget = Budget.of(self._tools.limits)
            return Usage(budget.allowed, budget.pool(0), budget.watchers, 0)
        budget = account.budget(self._tools.timer())
        return Usage(budget.allowed, budget.pool(account.watchers), budget.watchers, len(account.connections))

    def forget(self, key: AccountKey) -> None:
        """Close what was opened with this credential as soon as nobody uses it, and forget that it was refused."""
        self._keeper.circuits.forget(key)
        account = self._ledger.accounts.get(key.owner)
        if account is not None:
            self._keeper.revoke(account, key)

    def sweep(self) -> None:
        """Close every idle connection that is past its time; a timer does the same for each."""
        for connection in self._ledger.connections(State.IDLE):
            self._keeper.look_at(connection)

    async def close(self, grace: float) -> None:
        """Lend no more; wait up to ``grace`` seconds for what is lent; say LOGOUT on all that is not in use then."""
        self._keeper.draining = True
        for account in self._ledger.queues():
            for waiter in account.waiters:
                waiter.fail(_draining())
                account.leave(waiter)
            self._ledger.tidy(account)
        for connection in self._ledger.connections(State.IDLE):
            self._keeper.close(connection)
        self._keeper.cancel_opening()
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                while self._leases:
                    self._returned.clear()
                    await self._returned.wait()
        for connection in self._ledger.connections(State.LENT):
            connection.session.abort()
        await self._keeper.errands.finish()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._ledger!r}{'; draining' if self._keeper.draining else ''})"

    async def borrow(self, ask: Ask, target: Target) -> Connection[S]:
        """For ``_Lease``, which gives it back."""
        connection = await self._measured(ask, target)
        self._leases += 1
        if self._tools.metrics is not None:
            self._tools.metrics.lease_taken(target.provider)
        return connection

    def give_back(self, connection: Connection[S], error: BaseException | None) -> None:
        """``error``: what its use ended with."""
        if isinstance(error, DeadlinePassed):
            self._ledger.account_of(connection).doubt(connection)
        self._leases -= 1
        self._returned.set()
        if self._tools.metrics is not None:
            self._tools.metrics.lease_returned(connection.provider)
        self._keeper.take_back(connection, sound=error is None)

    async def _measured(self, ask: Ask, target: Target) -> Connection[S]:
        began = self._tools.timer()
        result: LeaseOutcome = "failed"
        try:
            connection = await self._acquire(ask, target)
            result = "ok"
        except GatewayError as error:
            result = lease_outcome(error)
            raise
        finally:
            if self._tools.metrics is not None:
                self._tools.metrics.lease_waited(target.provider, result, self._tools.timer() - began)
        return connection

    async def _acquire(self, ask: Ask, target: Target) -> Connection[S]:
        """Wait, within the deadline, for a connection that is known to be alive."""
        at_hand = self._keeper.lend_at_hand(ask, target)
        if at_hand is not None and await self._proven(at_hand):
            return at_hand
        ticket = self._ledger.number()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._tools.limits.lease_wait_seconds
        rank = None
        while True:
            waiter: Waiter[S] = Waiter(ticket, ask, target, loop.create_future(), rank)
            connection = await self._wait(waiter, deadline)
            rank = 0
            if connection.key != ask.key:
                self._keeper.drop(connection)
                raise LocalError("a connection was about to be lent to somebody else")
            if await self._proven(connection):
                return connection

    async def _wait(self, waiter: Waiter[S], deadline: float) -> Connection[S]:
        if self._keeper.draining:
            raise _draining()
        account = self._ledger.account(waiter.ask.key.owner)
        for connection in account.seen(waiter.ask.key):
            if connection.state is State.IDLE:
                self._keeper.arm(connection)
        queue = self._tools.limits.lease_queue
        if account.waiting >= queue or (waiter.ask.bulk and account.bulk_waiting >= max(1, queue // 2)):
            raise QueueFull("too many requests wait for this account's connections")
        account.queue(waiter)
        self._keeper.serve(account)
        if waiter.place.done():
            return waiter.place.result()
        timer = asyncio.get_running_loop().call_at(deadline, self._give_up, waiter)
        try:
            return await waiter.place
        except asyncio.CancelledError:
            self._leave(waiter)
            raise
        finally:
            timer.cancel()

    def _leave(self, waiter: Waiter[S]) -> None:
        """Cancelled: out of the queue, and a connection that was already given goes to the next."""
        place = waiter.place
        if place.done() and not place.cancelled() and place.exception() is None:
            self._keeper.take_back(place.result(), sound=True)
        else:
            self._unqueue(waiter)

    def _give_up(self, waiter: Waiter[S]) -> None:
        account = self._ledger.accounts.get(waiter.ask.key.owner)
        if waiter.place.done() or account is None:
            return
        if account.of(State.OPENING) and not account.of(State.LENT, State.SETTLING):
            waiter.fail(DeadlinePassed("the mail server did not answer in time"))
        else:
            waiter.fail(TooManyRequests("all connections of this account were in use for too long"))
        self._unqueue(waiter)

    def _unqueue(self, waiter: Waiter[S]) -> None:
        account = self._ledger.accounts.get(waiter.ask.key.owner)
        if account is not None and account.leave(waiter):
            self._keeper.serve(account)

    async def _proven(self, connection: Connection[S]) -> bool:
        """Try one that is doubtful or was long unused; what fails takes with it those that were unused as long."""
        if not connection.doubtful and self._tools.timer() - connection.used_at < PROBE_AFTER:
            return True
        alive = tried = False
        try:
            with suppress(GatewayError, OSError, TimeoutError):
                async with asyncio.timeout(PROBE_SECONDS):
                    await connection.session.noop()
                alive = connection.session.alive and connection.session.clean
                connection.doubtful = not alive
            tried = True
        finally:
            if not tried:  # cancelled: nobody will know, and of the others that says nothing
                self._keeper.drop(connection)
        if not alive:
            self._discard(connection)
        return alive

    def _discard(self, connection: Connection[S]) -> None:
        account = self._ledger.account_of(connection)
        doubtful = [other for other in account.of(State.IDLE) if other.used_at <= connection.used_at]
        for dead in (*doubtful, connection):
            self._ledger.move(dead, State.CLOSING)  # all, before one that is dropped lets others be served
        for dead in (*doubtful, connection):
            self._keeper.drop(dead)


class _Lease(Generic[S]):
    """One connection for as long as the block lasts."""

    __slots__ = ("_ask", "_connection", "_lender", "_target")

    def __init__(self, lender: Lender[S], ask: Ask, target: Target) -> None:
        self._lender, self._ask, self._target = lender, ask, target

    async def __aenter__(self) -> S:
        self._connection = await self._lender.borrow(self._ask, self._target)
        return self._connection.session

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lender.give_back(self._connection, error)


def _draining() -> Unavailable:
    return Unavailable("this replica is going away", retry_after=1)
