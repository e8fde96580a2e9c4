"""All that the pool has for one user of one mail server."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic

from gateway.pool.budget import Budget
from gateway.pool.connection import Connection, S
from gateway.pool.key import AccountKey, ServerUser
from gateway.pool.plan import State
from gateway.pool.waiter import Waiter


class Account(Generic[S]):
    """Connections of every credential, which the server counts together, and those who wait, first come first.

    Requests and watchers stand in a lane each, for they wait for different things; ``lanes[watch]`` is by ticket.
    """

    def __init__(self, owner: ServerUser, budget: Budget) -> None:
        self.owner = owner
        self.connections: dict[int, Connection[S]] = {}
        self.lanes: tuple[OrderedDict[int, Waiter[S]], OrderedDict[int, Waiter[S]]] = (OrderedDict(), OrderedDict())
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
        """At the place of its ticket: at the end, or in front where it has waited before."""
        lane = self.lanes[waiter.ask.watch]
        again = bool(lane) and waiter.ticket < next(reversed(lane))
        lane[waiter.ticket] = waiter
        if again:
            lane.move_to_end(waiter.ticket, last=False)

    def leave(self, waiter: Waiter[S]) -> bool:
        """Whether it was still in the queue."""
        return self.lanes[waiter.ask.watch].pop(waiter.ticket, None) is not None

    @property
    def waiters(self) -> list[Waiter[S]]:
        """All who wait: for requests, then to watch."""
        return [*self.lanes[False].values(), *self.lanes[True].values()]

    @property
    def waiting(self) -> int:
        return len(self.lanes[False]) + len(self.lanes[True])

    def of(self, *states: State) -> list[Connection[S]]:
        return [connection for connection in self.connections.values() if connection.state in states]

    def over(self, now: float) -> bool:
        """There are more connections for requests than there may be; those on their way out are not counted."""
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
