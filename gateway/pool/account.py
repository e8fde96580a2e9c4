"""All that the pool has for one user of one mail server."""

from __future__ import annotations

from typing import Generic

from gateway.pool.budget import Budget
from gateway.pool.connection import Connection, S
from gateway.pool.key import AccountKey, ServerUser
from gateway.pool.plan import State, rank
from gateway.pool.waiter import Waiter


class Account(Generic[S]):
    """Connections of every credential, which the server counts together, and those who wait.

    Requests and watchers stand in a lane each, for they wait for different things.
    """

    def __init__(self, owner: ServerUser, budget: Budget) -> None:
        self.owner = owner
        self.connections: dict[int, Connection[S]] = {}
        self._waiting: dict[int, Waiter[S]] = {}
        self._arrivals = 0
        self.paused_until = float("-inf")
        self._budget = budget
        self._lowered: tuple[int, float] | None = None

    def budget(self, now: float) -> Budget:
        """What may be open now: less for a while after the server said that it allows less."""
        if self._lowered is not None and now < self._lowered[1]:
            return self._budget.lowered(self._lowered[0])
        return self._budget

    def lower(self, until: float) -> None:
        """The server refused one more than there are."""
        self._lowered = (len(self.connections), until)

    def seen(self, key: AccountKey) -> list[Connection[S]]:
        """A credential that no connection was opened by makes those of the account's earlier ones stale: which are."""
        earlier = [other for other in self.connections.values() if other.key.account_id == key.account_id]
        if any(other.key == key for other in earlier):
            return []
        newly = [other for other in earlier if not other.stale]
        for other in newly:
            other.stale = True
        return newly

    def revoke(self, key: AccountKey) -> None:
        """Connections of this credential are never lent again."""
        for connection in self.connections.values():
            if connection.key == key:
                connection.revoked = True

    def doubt(self, dead: Connection[S]) -> None:
        """One of them fell silent: the way to the server may be cut, and then the others are dead too."""
        for connection in self.connections.values():
            connection.doubtful = connection is not dead

    def queue(self, waiter: Waiter[S]) -> None:
        """At the place of its rank: at the end but for bulk work, or in front where it has waited before."""
        if waiter.rank is None:
            self._arrivals += 1
            waiter.rank = rank(self._arrivals, waiter.ask)
        self._waiting[waiter.ticket] = waiter

    def leave(self, waiter: Waiter[S]) -> bool:
        """Whether it was still in the queue."""
        return self._waiting.pop(waiter.ticket, None) is not None

    def lane(self, *, watch: bool) -> list[Waiter[S]]:
        """Those who want to watch, or who have requests, in the order in which they are served."""
        found = [waiter for waiter in self._waiting.values() if waiter.ask.watch == watch]
        return sorted(found, key=lambda waiter: (waiter.rank or 0, waiter.ticket))

    @property
    def waiters(self) -> list[Waiter[S]]:
        """All who wait: for requests, then to watch."""
        return [*self.lane(watch=False), *self.lane(watch=True)]

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def bulk_waiting(self) -> int:
        return sum(waiter.ask.bulk for waiter in self._waiting.values())

    def of(self, *states: State) -> list[Connection[S]]:
        return [connection for connection in self.connections.values() if connection.state in states]

    def over(self, now: float) -> bool:
        """There are more connections for requests than there may be; those on their way out are not counted."""
        if len(self.connections) <= 1:
            return False  # one may always be
        staying = [other for other in self.connections.values() if other.state is not State.CLOSING]
        watchers = sum(other.watch for other in staying)
        return len(staying) - watchers > self.budget(now).pool(watchers)

    @property
    def watchers(self) -> int:
        return sum(connection.watch for connection in self.connections.values())

    @property
    def empty(self) -> bool:
        return not self.connections and not self.waiting

    def __repr__(self) -> str:
        states = (f"{len(found)} {state.value}" for state in State if (found := self.of(state)))
        kinds = f"{len(self.connections) - self.watchers} pool + {self.watchers} watching"
        return f"{self.owner!r}[{kinds}: {', '.join(states) or 'none'}; {self.waiting} waiting]"
