"""A hub before a real Dovecot, without HTTP in between."""

from __future__ import annotations

import imaplib
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec

from gateway.accounts.account import Account
from gateway.imap.credential import Password
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.session import Session
from gateway.live.hub import Hub
from gateway.mail.desk import Desk
from gateway.mail.summaries import Summaries
from gateway.metrics import WatchMode
from gateway.pool.pool import Pool
from gateway.pool.target import Target
from gateway.secret import Secret
from gateway.settings.model import Endpoint as ImapSettings
from gateway.settings.model import Limits, Live, PassThrough, Provider
from tests.servers.dovecot import Dovecot


@dataclass
class Tally:
    """Watchers by mode, and streams."""

    watchers: Counter[str] = field(default_factory=Counter)
    streams: int = 0

    def watcher_started(self, provider: str, mode: WatchMode) -> None:
        self.watchers[mode] += 1

    def watcher_stopped(self, provider: str, mode: WatchMode) -> None:
        self.watchers[mode] -= 1

    def stream_opened(self) -> None:
        self.streams += 1

    def stream_closed(self) -> None:
        self.streams -= 1


@dataclass(frozen=True)
class Watched:
    """A user's account with a hub of its own."""

    hub: Hub
    tally: Tally
    account: Account
    server: Dovecot
    user: str

    def imap(self) -> imaplib.IMAP4:
        """Another session of the user's."""
        return self.server.client(self.user)


@asynccontextmanager
async def watched(
    server: Dovecot, *, port: int | None = None, ignore: tuple[str, ...] = (), limits: Limits | None = None,
    live: Mapping[str, float] | None = None,
) -> AsyncIterator[Watched]:  # fmt: skip
    """``port``: of a proxy before the server."""
    user, password = server.guest()
    provider = Provider(
        name="test", imap=ImapSettings(host="127.0.0.1", tls="none"), auth=PassThrough(), disable_capabilities=ignore
    )
    endpoint = Endpoint("127.0.0.1", port or server.port, "none")
    account = Account("account", user, provider, endpoint, Password(user, Secret(password)))
    limits = limits or Limits()

    async def opener(target: Target) -> Session:
        return await Session.open(target.endpoint, target.credential, deadlines=Deadlines(), ignore=target.ignore)

    pool, tally = Pool(limits, opener=opener), Tally()
    desk = Desk(pool, limits, time.time, Summaries(0))
    quick = {"sweep_seconds": 0.3, "coalesce_seconds": 0.01, "linger_seconds": 0.3, **(live or {})}
    settings = msgspec.convert(quick, Live)
    hub = Hub(desk, settings, tally, lambda: 0.5, lambda *_, **__: None)
    try:
        yield Watched(hub, tally, account, server, user)
    finally:
        await hub.drain()
        await pool.close(0.1)
