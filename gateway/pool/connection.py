"""One connection of the pool, from before it is opened until the server has let go of it."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

from msgspec import Struct

from gateway.errors import LocalError
from gateway.pool.key import AccountKey
from gateway.pool.lendable import Lendable
from gateway.pool.measure import Kind
from gateway.pool.plan import Slot, State

S = TypeVar("S", bound=Lendable)


class Connection(Struct, Generic[S], eq=False):
    """``key`` is set once, as is the session: a connection never changes whose it is.

    ``expires_at`` is of the epoch clock, all other times of the monotonic one. ``revoked``: never to be lent again.
    ``doubtful``: another of the same account fell silent, so that this one is tried before it is lent.
    """

    number: int
    key: AccountKey
    provider: str
    expires_at: float
    started: float
    retire_at: float = float("inf")
    used_at: float = 0.0
    state: State = State.OPENING
    watch: bool = False
    bulk: bool = False
    revoked: bool = False
    stale: bool = False
    doubtful: bool = False
    timer: asyncio.TimerHandle | None = None
    _session: S | None = None

    @property
    def session(self) -> S:
        if self._session is None:
            raise LocalError("a connection that is not open was to be used")
        return self._session

    @property
    def kind(self) -> Kind:
        return "watcher" if self.watch else "pool"

    def opened(self, session: S) -> None:
        if self._session is not None:
            raise LocalError("a connection was to change whose it is")
        self._session = session

    def fit(self, epoch: float, now: float) -> bool:
        """It may be lent: nothing about it is past its time. One that is being opened is taken for fit."""
        alive = self._session is None or (self._session.alive and (self.state is not State.IDLE or self._session.clean))
        return alive and not self.revoked and epoch < self.expires_at and now < self.retire_at

    def left(self, epoch: float, now: float, idle: float) -> float:
        """Seconds that it may stay unused yet, where ``idle`` are the most."""
        if not self.session.alive or self.revoked:
            return 0.0
        return min(self.used_at + idle - now, self.retire_at - now, self.expires_at - epoch)

    def slot(self, epoch: float, now: float) -> Slot:
        opened = None if self._session is None else self._session.mailbox
        return Slot(
            number=self.number,
            key=self.key,
            state=self.state,
            watch=self.watch,
            fit=self.fit(epoch, now),
            stale=self.stale,
            mailbox=None if opened is None else opened.name,
            used_at=self.used_at,
            bulk=self.bulk,
        )

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
