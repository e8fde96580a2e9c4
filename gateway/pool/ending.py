"""The end of connections: unused for too long, revoked, replaced, or dead."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Final, Generic

from gateway.errors import GatewayError
from gateway.pool.account import Account
from gateway.pool.connection import Connection, S
from gateway.pool.errands import Errands
from gateway.pool.key import AccountKey
from gateway.pool.ledger import Ledger
from gateway.pool.plan import State
from gateway.pool.tools import Tools

LOGOUT_SECONDS: Final = 2.0
STALE_IDLE_SECONDS: Final = 10.0
"""How long a connection whose credential was replaced may idle: two devices with a token each take turns that fast."""


class Ending(ABC, Generic[S]):
    """Closes what is open, and frees what it took. ``serve`` is called whenever that gives somebody room."""

    def __init__(self, tools: Tools, ledger: Ledger[S]) -> None:
        self.ledger = ledger
        self.errands = Errands()
        self._tools = tools

    @abstractmethod
    def serve(self, account: Account[S]) -> None:
        """Give those who wait what can be had."""

    @abstractmethod
    def _serve_starved(self) -> None:
        """The same, for who waits for the process to have room."""

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
