"""Every connection of the process and everybody who waits, and the scene in which the next decision is made."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from itertools import count
from typing import Generic

from gateway.errors import GatewayError
from gateway.pool.account import Account
from gateway.pool.budget import Budget
from gateway.pool.connection import Connection, S
from gateway.pool.key import ServerUser
from gateway.pool.plan import Scene, State


class Ledger(Generic[S]):
    """Pure book-keeping: it never waits, opens or closes. At most ``total`` connections are open at once."""

    def __init__(self, budget: Budget, total: int) -> None:
        self.accounts: dict[ServerUser, Account[S]] = {}
        self.starved: OrderedDict[ServerUser, None] = OrderedDict()
        self._budget = budget
        self._total = total
        self._owner: dict[int, Account[S]] = {}
        self._idle: OrderedDict[int, Connection[S]] = OrderedDict()
        self._gone: OrderedDict[ServerUser, float] = OrderedDict()
        self._closing = 0
        self._numbers = count(1)

    def account(self, owner: ServerUser) -> Account[S]:
        """The account's page, opened where there is none."""
        if owner not in self.accounts:
            self.accounts[owner] = Account(owner, self._budget)
        return self.accounts[owner]

    def account_of(self, connection: Connection[S]) -> Account[S]:
        return self._owner[connection.number]

    def number(self) -> int:
        """The next number, for a connection or a ticket."""
        return next(self._numbers)

    def add(self, account: Account[S], connection: Connection[S]) -> None:
        account.connections[connection.number] = connection
        self._owner[connection.number] = account

    def move(self, connection: Connection[S], state: State) -> None:
        """Change a connection's state; this alone does."""
        self._closing += (state is State.CLOSING) - (connection.state is State.CLOSING)
        self._idle.pop(connection.number, None)
        connection.state = state
        if state is State.IDLE:
            self._idle[connection.number] = connection

    def remove(self, connection: Connection[S], now: float) -> Account[S]:
        """It is gone: the server counts it no more."""
        account = self._owner.pop(connection.number)
        del account.connections[connection.number]
        if connection.state is not State.OPENING:
            self._note_gone(account.owner, now)
        self._idle.pop(connection.number, None)
        self._closing -= connection.state is State.CLOSING
        return account

    def gone_at(self, owner: ServerUser) -> float:
        """When a connection of this user last ended."""
        return self._gone.get(owner, float("-inf"))

    def _note_gone(self, owner: ServerUser, now: float) -> None:
        self._gone[owner] = now
        self._gone.move_to_end(owner)
        if len(self._gone) > self._total:
            self._gone.popitem(last=False)

    def tidy(self, account: Account[S]) -> None:
        """Forget an account of which nothing is left."""
        if account.empty and self.accounts.get(account.owner) is account:
            del self.accounts[account.owner]
        if not account.waiting:
            self.starved.pop(account.owner, None)

    def idle(self, number: int) -> Connection[S]:
        return self._idle[number]

    def scene(self, account: Account[S], refusal: GatewayError | None, epoch: float, now: float) -> Scene:
        """How things are for one account."""
        slots = tuple(connection.slot(epoch, now) for connection in account.connections.values())
        victim = None if self.room else self._victim(account)
        return Scene(slots, account.budget(now), refusal, self.room, victim)

    def _victim(self, account: Account[S]) -> int | None:
        """Somebody else's idle connection unused longest, unless enough are being closed for those who lack room."""
        if self._closing >= max(1, len(self.starved)):
            return None
        return next((n for n in self._idle if n not in account.connections), None)

    @property
    def room(self) -> bool:
        return len(self._owner) < self._total

    @property
    def relief(self) -> bool:
        """Somebody who lacks room could be helped now."""
        return self.room or bool(self._idle)

    def connections(self, *states: State) -> list[Connection[S]]:
        """Those in any of the states."""
        return [found for account in self.accounts.values() for found in account.of(*states)]

    def queues(self) -> Iterator[Account[S]]:
        return (account for account in list(self.accounts.values()) if account.waiting)

    def __contains__(self, connection: Connection[S]) -> bool:
        return connection.number in self._owner

    def __len__(self) -> int:
        return len(self._owner)

    def __repr__(self) -> str:
        pages = "".join(f" {account!r}" for account in self.accounts.values())
        return f"{len(self)} of {self._total} open;{pages or ' no accounts'}"
