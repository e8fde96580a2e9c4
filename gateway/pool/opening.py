"""The beginning of connections: opened for who waits, within what the circuits and the gates allow."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from typing import Final

from gateway.errors import ConnectFailed, ConnectionLost, GatewayError, LocalError
from gateway.pool.account import Account
from gateway.pool.circuit import Circuits
from gateway.pool.connection import Connection, S
from gateway.pool.ending import Ending
from gateway.pool.failure import Failure, failure, outcome
from gateway.pool.gates import Gates
from gateway.pool.key import AccountKey
from gateway.pool.ledger import Ledger
from gateway.pool.plan import State
from gateway.pool.target import Target
from gateway.pool.tools import Tools
from gateway.pool.waiter import Waiter

LIMIT_SECONDS: Final = 60.0
"""How long fewer connections are opened after the server refused one as too many."""
LAG_SECONDS: Final = 3.0
"""So long after a connection ended the server may still count it."""
LAG_PAUSE: Final = 0.25


class Opening(Ending[S]):
    """Opens connections, and remembers what failed. What is open is parked, for whoever waits."""

    def __init__(self, tools: Tools, opener: Callable[[Target], Awaitable[S]], ledger: Ledger[S]) -> None:
        super().__init__(tools, ledger)
        self.circuits = Circuits(tools.random)
        self._opener = opener
        self._opening: set[asyncio.Task[None]] = set()
        self._gates = Gates(tools.limits.sign_ins_at_once)

    @abstractmethod
    def _park(self, connection: Connection[S]) -> None:
        """Make it idle."""

    @abstractmethod
    def _refuse(self, account: Account[S], key: AccountKey, error: GatewayError) -> None:
        """Tell those who wait and can't be helped."""

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

    def cancel_opening(self) -> None:
        for task in list(self._opening):
            task.cancel()
