"""A server and sessions that exist only as far as the pool can see, with a clock that is moved by hand."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Protocol

from gateway.errors import ConnectionLost, GatewayError
from gateway.imap.credential import Bearer, Credential, Password
from gateway.imap.endpoint import Endpoint
from gateway.imap.name import MailboxName
from gateway.pool.lender import Lender
from gateway.pool.measure import Kind, LeaseOutcome, OpenOutcome
from gateway.pool.target import Target
from gateway.secret import Secret
from gateway.settings.model import Limits

HOST = Endpoint("mail.example.org", 993)


def target(
    user: str = "alice",
    *,
    password: str = "pw",
    token: str | None = None,
    endpoint: Endpoint = HOST,
    expires_at: float | None = None,
    account_id: str | None = None,
) -> Target:
    credential: Credential = Password(user, Secret(password))
    if token is not None:
        credential = Bearer(user, Secret(token), own_token=True)
    return Target(account_id or f"id-{user}", "example", endpoint, credential, expires_at)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class FakeMailbox:
    name: MailboxName


class FakeSession:
    """``owner`` is who signed in; what hangs, hangs until its event is set."""

    def __init__(self, server: FakeServer, owner: str) -> None:
        self.server, self.owner = server, owner
        self.alive = True
        self.clean = True
        self.lost = asyncio.Event()
        self.mailbox: FakeMailbox | None = None
        self.noops = self.settles = 0
        self.settle_gate: asyncio.Event | None = None
        self.noop_gate: asyncio.Event | None = None
        self.settles_to = True
        self.said_logout = False

    def select(self, name: bytes) -> None:
        self.mailbox = FakeMailbox(MailboxName(name))

    def die(self) -> None:
        """The server has gone away, and the session knows."""
        if self.alive:
            self.alive = False
            self.lost.set()
            self.server.here[self.owner] -= 1

    async def noop(self) -> None:
        self.noops += 1
        if self.noop_gate is not None:
            await self.noop_gate.wait()
        if not self.alive or self.server.cut:
            self.die()
            raise ConnectionLost("gone")

    async def settle(self) -> bool:
        self.settles += 1
        if self.settle_gate is not None:
            await self.settle_gate.wait()
        self.clean = self.settles_to
        return self.settles_to

    async def logout(self) -> None:
        await asyncio.sleep(0)
        self.said_logout = True
        self.die()

    def abort(self) -> None:
        self.die()


@dataclass
class FakeServer:
    """Counts who is signed in. ``gate``: opening waits for it. ``errors``: what the next openings raise."""

    here: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    opened: list[FakeSession] = field(default_factory=list)
    attempts: int = 0
    errors: deque[GatewayError | BaseException | None] = field(default_factory=deque)
    gate: asyncio.Event | None = None
    cut: bool = False
    limit: int | None = None
    limit_error: GatewayError | None = None
    opening: int = 0
    most_opening: int = 0

    async def open(self, wanted: Target) -> FakeSession:
        self.attempts += 1
        self.opening += 1
        self.most_opening = max(self.most_opening, self.opening)
        try:
            await asyncio.sleep(0)
            if self.gate is not None:
                await self.gate.wait()
        finally:
            self.opening -= 1
        error = self.errors.popleft() if self.errors else None
        if error is not None:
            raise error
        user = wanted.credential.user
        if self.limit is not None and self.here[user] >= self.limit and self.limit_error is not None:
            raise self.limit_error
        self.here[user] += 1
        self.most[user] = max(self.most[user], self.here[user])
        session = FakeSession(self, user)
        self.opened.append(session)
        return session


class Tally:
    """PoolMetrics that can be read."""

    def __init__(self) -> None:
        self.open: Counter[str] = Counter()
        self.opens: Counter[str] = Counter()
        self.waits: Counter[str] = Counter()
        self.leases = 0

    def connection_opened(self, provider: str, kind: Kind) -> None:
        self.open[kind] += 1

    def connection_closed(self, provider: str, kind: Kind) -> None:
        self.open[kind] -= 1

    def open_attempt(self, provider: str, outcome: OpenOutcome) -> None:
        self.opens[outcome] += 1

    def lease_waited(self, provider: str, outcome: LeaseOutcome, seconds: float) -> None:
        self.waits[outcome] += 1

    def lease_taken(self, provider: str) -> None:
        self.leases += 1

    def lease_returned(self, provider: str) -> None:
        self.leases -= 1


class Rig:
    """A pool on a fake server: time stands still until ``later``."""

    def __init__(self, **limits: float) -> None:
        self.server = FakeServer()
        self.clock = Clock()
        self.tally = Tally()
        self.chance = 0.5
        self.holders: list[Holder] = []
        self.limits = Limits(**limits)  # type: ignore[arg-type]  # whole numbers are given where they must be whole
        self.pool: Lender[FakeSession] = Lender(
            self.limits,
            opener=self.server.open,
            clock=self.clock,
            timer=self.clock,
            random=lambda: self.chance,
            metrics=self.tally,
        )

    def later(self, seconds: float) -> None:
        """Time passes; what is due by then is done."""
        self.clock.now += seconds
        self.pool.sweep()

    async def calm(self) -> None:
        """Let everything run that can run."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def end(self) -> None:
        """Nothing may be left behind, whatever the test did."""
        for holder in self.holders:
            holder.task.cancel()
        if self.holders:
            await asyncio.wait([holder.task for holder in self.holders])
        for session in self.server.opened:
            for gate in (session.settle_gate, session.noop_gate):
                if gate is not None:
                    gate.set()
        await self.pool.close(5)
        assert repr(self.pool) == f"Lender(0 of {self.limits.connections_total} open; no accounts; draining)"
        assert self.server.here.total() == 0
        assert self.tally.open.total() == self.tally.leases == 0


class MakeRig(Protocol):
    """The fixture: makes rigs, and ends them after the test."""

    def __call__(self, **limits: float) -> Rig: ...


class Holder:
    """A lease held by a task of its own until it is told to let go."""

    def __init__(
        self, rig: Rig, wanted: Target, *, watch: bool = False, mailbox: bytes | None = None, bulk: bool = False
    ) -> None:
        self._rig, self._wanted, self._watch, self._bulk = rig, wanted, watch, bulk
        self._mailbox = None if mailbox is None else MailboxName(mailbox)
        self._let_go = asyncio.Event()
        self.session: FakeSession | None = None
        self.task = asyncio.get_running_loop().create_task(self._hold())
        rig.holders.append(self)

    async def _hold(self) -> None:
        pool = self._rig.pool
        lease = pool.watch(self._wanted) if self._watch else pool.lease(self._wanted, self._mailbox, bulk=self._bulk)
        async with lease as session:
            self.session = session
            await self._let_go.wait()

    async def release(self) -> None:
        self._let_go.set()
        await self.task
        await self._rig.calm()

    async def cancel(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])
        await self._rig.calm()

    @property
    def held(self) -> bool:
        return self.session is not None and not self.task.done()
