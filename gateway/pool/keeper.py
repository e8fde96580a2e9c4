"""The life of connections while they are open: lent, taken back, settled, parked. They begin and end in its bases."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Literal

from gateway.errors import GatewayError, LocalError, SignInRefused
from gateway.pool.account import Account
from gateway.pool.connection import Connection, S
from gateway.pool.failure import Failure, failure, repeated
from gateway.pool.key import AccountKey
from gateway.pool.ledger import Ledger
from gateway.pool.opening import Opening
from gateway.pool.plan import Action, Ask, Evict, Lend, Open, Refuse, State, Wait, Yield, decide
from gateway.pool.target import Target
from gateway.pool.tools import Tools
from gateway.pool.waiter import Waiter

SETTLE_SECONDS: Final = 1.0  # a session's own budget is less; this bounds one that hangs


class Keeper(Opening[S]):
    """Carries out what :func:`gateway.pool.plan.decide` says whenever something has changed."""

    def __init__(self, tools: Tools, opener: Callable[[Target], Awaitable[S]], ledger: Ledger[S]) -> None:
        super().__init__(tools, opener, ledger)
        self.draining = False

    # Serving those who wait

    def lend_at_hand(self, ask: Ask, target: Target) -> Connection[S] | None:
        """What ``decide()`` would lend, where that is plain: nobody waits, and one with the mailbox open is idle."""
        account = self.ledger.accounts.get(ask.key.owner)
        if account is None or account.waiting or ask.watch or ask.bulk or self.draining:
            return None
        epoch, now = self._tools.clock(), self._tools.timer()
        best: Connection[S] | None = None
        for connection in account.connections.values():
            if connection.state is not State.IDLE or connection.watch or connection.key != ask.key:
                continue
            opened = connection.session.mailbox
            if (None if opened is None else opened.name) != ask.mailbox or not connection.fit(epoch, now):
                continue
            if best is None or connection.used_at < best.used_at:
                best = connection
        if best is None or target.expired(epoch):
            return None
        best.bulk = False
        self.ledger.move(best, State.LENT)
        return best

    def serve(self, account: Account[S]) -> None:
        """Give those who wait what can be had; who is not first in a lane gets what those before have no use for."""
        if not account.waiting:
            self.ledger.tidy(account)
            return
        for watch in (False, True):
            first = True
            for waiter in account.lane(watch=watch):
                end = self._serve(account, waiter, first=first)
                if end == "served":
                    account.leave(waiter)
                elif end == "waits" and account.of(State.IDLE):
                    first = False
                elif end == "waits":
                    break
        self.ledger.tidy(account)

    def _serve(self, account: Account[S], waiter: Waiter[S], *, first: bool) -> Literal["served", "waits", "yields"]:
        if waiter.place.done():
            return "served"
        if waiter.target.expired(self._tools.clock()):
            own = waiter.target.own_token
            waiter.fail(SignInRefused("the credential has expired", code="EXPIRED", own_token=own))
            return "served"
        starved = self.ledger.starved
        while True:
            action = self._decide(account, waiter)
            match action:
                case Lend(number):
                    self._lend(waiter, self.ledger.idle(number))
                    return "served"
                case Refuse(error):
                    waiter.fail(error)
                    return "served"
                case Open() if first and self._tools.timer() >= account.paused_until:
                    self._start_opening(account, waiter)
                case Evict(number) if first:
                    self.close(self.ledger.idle(number))
                case Wait(full=True) if first and account.owner not in starved:
                    starved[account.owner] = None  # known to lack room, it may be helped more
                case Yield():
                    return "yields"
                case Open() | Evict() | Wait():
                    return "waits"

    def _decide(self, account: Account[S], waiter: Waiter[S]) -> Action:
        now = self._tools.timer()
        refusal = self.circuits.refusal(waiter.ask.key, now)
        return decide(waiter.ask, self.ledger.scene(account, refusal, self._tools.clock(), now))

    def _serve_starved(self) -> None:
        starved = self.ledger.starved
        while starved and self.ledger.relief:
            owner, _ = starved.popitem(last=False)
            if owner in self.ledger.accounts:
                self.serve(self.ledger.accounts[owner])
            if owner in starved:
                starved.move_to_end(owner, last=False)
                return

    def _lend(self, waiter: Waiter[S], connection: Connection[S]) -> None:
        if connection.key != waiter.ask.key:
            waiter.fail(LocalError("a connection was about to be lent to somebody else"))
            return
        self._turn(connection, watch=waiter.ask.watch)
        connection.bulk = waiter.ask.bulk
        self.ledger.move(connection, State.LENT)
        waiter.give(connection)

    def _refuse(self, account: Account[S], key: AccountKey, error: GatewayError) -> None:
        """Tell those who wait and can't be helped: by the same credential the very error, if that says more."""
        for waiter in account.waiters:
            action = self._decide(account, waiter)
            if isinstance(action, Refuse):
                same = waiter.ask.key == key and failure(error) is not Failure.LIMIT
                waiter.fail(repeated(error) if same else action.error)
                account.leave(waiter)

    # Taking back

    def take_back(self, connection: Connection[S], *, sound: bool) -> None:
        """A lease ended; ``sound``: its body ran to the end."""
        connection.doubtful = connection.doubtful and not sound
        connection.used_at = self._tools.timer()
        session = connection.session
        if session.alive and not (sound and session.clean):
            self.ledger.move(connection, State.SETTLING)
            self.errands.start(self._settle(connection))
        else:
            self._return(connection)

    async def _settle(self, connection: Connection[S]) -> None:
        clean = False
        try:
            with suppress(GatewayError, OSError, TimeoutError):
                async with asyncio.timeout(SETTLE_SECONDS):
                    clean = await connection.session.settle()
        finally:
            if clean and connection.session.alive and connection.session.clean:
                self._return(connection)
            else:
                self.drop(connection)

    def _return(self, connection: Connection[S]) -> None:
        account = self.ledger.account_of(connection)
        self._turn(connection, watch=False)
        if account.over(self._tools.timer()):
            self.close(connection)
        else:
            self._park(connection)

    def _park(self, connection: Connection[S]) -> None:
        """Make it idle, for whoever waits; what nobody takes is kept for a while if there is room for it."""
        if self.draining or not connection.fit(self._tools.clock(), self._tools.timer()):
            self.close(connection)
            return
        account = self.ledger.account_of(connection)
        self.ledger.move(connection, State.IDLE)
        self.serve(account)
        if connection.state is State.IDLE and connection.watch:  # who wanted to watch has left
            self._turn(connection, watch=False)
            self.serve(account)
        if connection.state is State.IDLE and account.over(self._tools.timer()):
            self.close(connection)
        if connection.state is State.IDLE:
            self.arm(connection)
            self._serve_starved()

    def _turn(self, connection: Connection[S], *, watch: bool) -> None:
        """Count it among those that watch, or among those for requests."""
        if connection.watch != watch:
            if self._tools.metrics is not None:
                self._tools.metrics.connection_closed(connection.provider, connection.kind)
            connection.watch = watch
            if self._tools.metrics is not None:
                self._tools.metrics.connection_opened(connection.provider, connection.kind)
