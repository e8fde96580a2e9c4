"""The life of connections: opened for who waits, parked, lent, taken back, settled, said good-bye to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Generic, Literal

from gateway.errors import ConnectFailed, ConnectionLost, GatewayError, LocalError, SignInRefused
from gateway.pool.account import Account
from gateway.pool.circuit import Circuits
from gateway.pool.connection import Connection, S
from gateway.pool.errands import Errands
from gateway.pool.failure import Failure, failure, outcome, repeated
from gateway.pool.gates import Gates
from gateway.pool.key import AccountKey
from gateway.pool.ledger import Ledger
from gateway.pool.plan import Action, Ask, Evict, Lend, Open, Refuse, State, Wait, Yield, decide
from gateway.pool.target import Target
from gateway.pool.tools import Tools
from gateway.pool.waiter import Waiter

LOGOUT_SECONDS: Final = 2.0
SETTLE_SECONDS: Final = 1.0  # a session's own budget is less; this bounds one that hangs
STALE_IDLE_SECONDS: Final = 10.0
"""How long a connection whose credential was replaced may idle: two devices with a token each take turns that fast."""
LIMIT_SECONDS: Final = 60.0
"""How long fewer connections are opened after the server refused one as too many."""
LAG_SECONDS: Final = 3.0
"""So long after a connection ended the server may still count it."""
LAG_PAUSE: Final = 0.25


class Keeper(Generic[S]):
    """Carries out what :func:`gateway.pool.plan.decide` says whenever something has changed."""

    def __init__(self, tools: Tools, opener: Callable[[Target], Awaitable[S]], ledger: Ledger[S]) -> None:
        self.draining = False
        self.ledger = ledger
        self.circuits = Circuits(tools.random)
        self.errands = Errands()
        self._opener = opener
        self._tools = tools
        self._opening: set[asyncio.Task[None]] = set()
        self._gates = Gates(tools.limits.sign_ins_at_once)

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

    # Opening

    def _start_opening(self, account: Account[S], waiter: Waiter[S]) -> None:
        now, target = self._tools.timer(), waiter.target
        expires_at = float("inf") if target.expires_at is None else target.expires_at
        connection: Connection[S] = Connection(
            self.ledger.number(), waiter.ask.key, target.provider, expires_at, now, watch=waiter.ask.watch
        )
        self.ledger.add(account, connection)
        self.circuits.attempt(connection.key, now)
        task = self.errands.start(self._open(connection, target))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, connection: Connection[S], target: Target) -> None:
        try:
            async with self._gates.through((connection.key.endpoint, connection.watch)):
                if self._is_down(connection):
                    return
                session = await self._opener(target)
        except GatewayError as error:
            self._open_failed(connection, error)
        except (OSError, TimeoutError) as error:
            self._open_failed(connection, ConnectFailed(f"no connection: {type(error).__name__}"))
        else:
            self._opened(connection, session)
        finally:
            if connection in self.ledger and connection.state is State.OPENING:  # cancelled, or a defect
                self._open_failed(connection, LocalError("a connection could not be opened"))

    def _is_down(self, connection: Connection[S]) -> bool:
        """Whether the host failed while this one waited for its turn: then nobody waits for it any longer."""
        now = self._tools.timer()
        error = self.circuits.failed_since(connection.started, connection.key, now)
        connection.started = now
        if error is None:
            return False
        account = self.ledger.remove(connection, now)
        self._refuse(account, connection.key, error)
        self.serve(account)
        self._serve_starved()
        return True

    def _opened(self, connection: Connection[S], session: S) -> None:
        if not session.alive:
            session.abort()
            self._open_failed(connection, ConnectionLost("the mail server hung up after the sign-in"))
            return
        now, tools = self._tools.timer(), self._tools
        connection.opened(session)
        connection.used_at = now
        connection.retire_at = now + tools.limits.connection_lifetime_seconds * (0.9 + 0.2 * tools.random())
        self.circuits.succeeded(connection.key)
        if tools.metrics is not None:
            tools.metrics.open_attempt(connection.provider, "ok")
            tools.metrics.connection_opened(connection.provider, connection.kind)
        self.errands.start(self._until_lost(connection, session))
        self._park(connection)

    async def _until_lost(self, connection: Connection[S], session: S) -> None:
        """One that ends while nobody uses it counts no more at once; else whoever uses it gives it back."""
        await session.lost.wait()
        if connection.state is State.IDLE and connection in self.ledger:
            self.close(connection)

    def _open_failed(self, connection: Connection[S], error: GatewayError) -> None:
        now = self._tools.timer()
        account = self.ledger.remove(connection, now)
        if self._tools.metrics is not None:
            self._tools.metrics.open_attempt(connection.provider, outcome(error))
        kind = failure(error)
        if kind is not Failure.LIMIT or not self._wait_for_room(account, now):
            self.circuits.failed(connection.key, error, started=connection.started, now=now)
            if kind is Failure.CREDENTIAL:
                self.revoke(account, connection.key)
            self._refuse(account, connection.key, error)
        self.serve(account)
        self._serve_starved()

    def _wait_for_room(self, account: Account[S], now: float) -> bool:
        """The server has as many connections as it allows: try again soon if it may be behind, else make do."""
        if now - self.ledger.gone_at(account.owner) < LAG_SECONDS:
            pause = LAG_PAUSE * (0.8 + 0.4 * self._tools.random())
            account.paused_until = now + pause
            asyncio.get_running_loop().call_later(pause * 1.01, self._resume, account)
            return True
        account.lower(now + LIMIT_SECONDS * (0.8 + 0.4 * self._tools.random()))
        return bool(account.connections)

    def _resume(self, account: Account[S]) -> None:
        account.paused_until = float("-inf")
        self.serve(account)

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

    # Ending

    def close(self, connection: Connection[S]) -> None:
        """Say LOGOUT, where anybody hears it; until that is over the server counts the connection."""
        connection.stop_timer()
        self.ledger.move(connection, State.CLOSING)
        self.errands.start(self._part(connection))

    async def _part(self, connection: Connection[S]) -> None:
        try:
            if connection.session.alive:
                with suppress(GatewayError, OSError, TimeoutError):
                    async with asyncio.timeout(LOGOUT_SECONDS):
                        await connection.session.logout()
        finally:
            self.drop(connection)

    def drop(self, connection: Connection[S]) -> None:
        """End it without a word."""
        connection.stop_timer()
        connection.session.abort()
        if self._tools.metrics is not None:
            self._tools.metrics.connection_closed(connection.provider, connection.kind)
        self.serve(self.ledger.remove(connection, self._tools.timer()))
        self._serve_starved()

    def revoke(self, account: Account[S], key: AccountKey) -> None:
        """Connections of this credential are closed, those in use when they are given back."""
        account.revoke(key)
        for connection in account.of(State.IDLE):
            if connection.revoked:
                self.close(connection)

    def cancel_opening(self) -> None:
        for task in list(self._opening):
            task.cancel()

    # Idleness

    def arm(self, connection: Connection[S]) -> None:
        """See to an idle connection when its time is over."""
        loop = asyncio.get_running_loop()
        due = loop.time() + max(self._left(connection), 0.01)
        if connection.timer is not None and connection.timer.when() <= due:
            return  # it comes early enough, and is then set anew
        connection.stop_timer()
        connection.timer = loop.call_at(due, self.look_at, connection)

    def look_at(self, connection: Connection[S]) -> None:
        """Close an idle connection that is past its time."""
        connection.stop_timer()
        if connection.state is not State.IDLE:
            return
        if self._left(connection) <= 0:
            self.close(connection)
        else:
            self.arm(connection)

    def _left(self, connection: Connection[S]) -> float:
        idle = self._tools.limits.idle_connection_seconds
        idle = min(idle, STALE_IDLE_SECONDS) if connection.stale else idle
        return connection.left(self._tools.clock(), self._tools.timer(), idle)
