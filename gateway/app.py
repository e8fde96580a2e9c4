"""The composition: settings in, two ASGI applications out. Nothing else builds objects from settings."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
from starlette.types import ASGIApp

from gateway import __version__
from gateway.accounts.directory import Directory
from gateway.accounts.exchange import Means
from gateway.accounts.exchanges import Exchanges
from gateway.accounts.token_endpoint import NoAnswer
from gateway.audit import Audit, NoAudit, Trail
from gateway.audit_file import Descriptor, File, Writer
from gateway.http.app import create_app
from gateway.http.idempotency import MemoryIdempotency
from gateway.http.management import create_management_app
from gateway.http.rates import MemoryRates
from gateway.http.services import Accounts, Services, State
from gateway.http.tickets import MemoryTickets
from gateway.identity import discovery
from gateway.identity.authenticator import Authenticator
from gateway.identity.fetch import FetchFailed
from gateway.identity.secrets import IdentitySecrets
from gateway.imap.endpoint import Deadlines
from gateway.imap.session import Session
from gateway.imap.tls import TlsContexts
from gateway.live.hub import Hub
from gateway.log import logger
from gateway.mail.desk import Desk
from gateway.mail.summaries import Summaries
from gateway.metrics import Metrics
from gateway.pool.pool import Pool
from gateway.pool.target import Target
from gateway.settings.model import Audit as AuditSettings
from gateway.settings.model import Limits, Settings

ISSUER_SECONDS = 10.0
LAG_INTERVAL = 0.1
STDOUT = 1
AUDIT_SECONDS = 5.0  # in which audit lines that wait are written at the end


class Application:
    """The gateway of one process. Everything that needs an event loop is made in the public lifespan."""

    def __init__(self, settings: Settings, directory: Accounts | None = None) -> None:
        self._settings = settings
        self._secrets = IdentitySecrets.open(settings.issuers, settings.dpop)
        self._metrics = Metrics(provider.name for provider in settings.providers)
        self._audit_writer = _audit_writer(settings.audit, self._metrics)
        self._audit: Audit = NoAudit() if self._audit_writer is None else Trail(self._audit_writer.write, time.time)
        self._web = httpx.AsyncClient(timeout=ISSUER_SECONDS, follow_redirects=False)
        self._exchanges = Exchanges(means_of(self._web, self._audit, self._metrics))
        self._directory: Accounts = directory or Directory(settings, exchanges=self._exchanges)
        self._hub: Hub | None = None
        self._ready = False
        self._public = create_app(settings, self._lifespan)
        self._management = create_management_app(self._metrics, lambda: self._ready)

    @property
    def public(self) -> ASGIApp:
        """The API; its lifespan opens everything and closes it, IMAP LOGOUT included."""
        return self._public

    @property
    def management(self) -> ASGIApp:
        """Health and metrics."""
        return self._management

    def unready(self) -> None:
        """From now on ``/readyz`` says no."""
        self._ready = False

    async def drain(self) -> None:
        """End the event streams with a bye and refuse new ones."""
        if self._hub is not None:
            await self._hub.drain()

    @asynccontextmanager
    async def _lifespan(self, app: object) -> AsyncIterator[State]:
        settings = self._settings
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._end_audit)
            web = await stack.enter_async_context(self._web)
            stack.push_async_callback(self._exchanges.close)
            authenticator = Authenticator(
                settings.issuers, web, time.time, metrics=self._metrics, secrets=self._secrets
            )
            await authenticator.start()
            stack.push_async_callback(authenticator.close)
            pool = Pool(settings.limits, opener=Opener(settings.limits, self._metrics), metrics=self._metrics)
            stack.push_async_callback(pool.close, settings.server.drain_seconds)
            desk = Desk(pool, settings.limits, time.time, Summaries(settings.limits.summaries_octets))
            hub = Hub(desk, settings.live, self._metrics, random.random, logger("gateway.live").warning)
            stack.push_async_callback(hub.drain)
            stack.callback(self.unready)
            stack.callback(asyncio.create_task(_watch_loop(self._metrics)).cancel)
            self._hub, self._ready = hub, True
            yield State(services=self._services(desk, hub, authenticator))

    def _services(self, desk: Desk, hub: Hub, authenticator: Authenticator) -> Services:
        return Services(
            desk=desk,
            hub=hub,
            authenticator=authenticator,
            directory=self._directory,
            metrics=self._metrics,
            settings=self._settings,
            idempotency=MemoryIdempotency(time.monotonic),
            tickets=MemoryTickets(time.monotonic),
            rates=MemoryRates(time.monotonic),
            clock=time.time,
            random=random.random,
            audit=self._audit,
        )

    async def _end_audit(self) -> None:
        if self._audit_writer is not None:
            await asyncio.to_thread(self._audit_writer.close, AUDIT_SECONDS)


def _audit_writer(settings: AuditSettings, metrics: Metrics) -> Writer | None:
    """Raises ConfigurationError where the file can't be opened."""
    if settings.to == "off":
        return None
    output = Descriptor(STDOUT) if settings.file is None else File(settings.file, sync=settings.sync)
    return Writer(output, settings.waiting, metrics.audited)


def means_of(web: httpx.AsyncClient, audit: Audit, metrics: Metrics | None = None) -> Means:
    """What accounts reach issuers by."""

    async def discover(issuer: str, member: str) -> str:
        try:
            return await discovery.discover(web, issuer, member)
        except FetchFailed as failed:
            raise NoAnswer(str(failed)) from failed

    told = (lambda outcome: None) if metrics is None else metrics.exchanged
    return Means(web, discover, time.time, random.random, audit, told)


async def _watch_loop(metrics: Metrics) -> None:
    """Measures how late the event loop runs, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LAG_INTERVAL
        await asyncio.sleep(LAG_INTERVAL)
        metrics.loop_lag(loop.time() - due)


class Opener:
    """Opens sessions for the pool. TLS contexts are made once for each authority file."""

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        self._deadlines = Deadlines(limits.connect_seconds, limits.greeting_seconds, limits.command_seconds)
        self._metrics = metrics
        self._contexts = TlsContexts()

    async def __call__(self, target: Target) -> Session:
        """A signed-in session; raises what :meth:`Session.open` raises."""
        return await Session.open(
            target.endpoint,
            target.credential,
            deadlines=self._deadlines,
            ignore=target.ignore,
            client_id={"name": "imap-gateway", "version": __version__},
            on_bytes=lambda received, sent: self._metrics.traffic(target.provider, received, sent),
            on_command=lambda name, outcome, seconds: self._metrics.command(target.provider, name, outcome, seconds),
            compress=target.compress,
            tls=self._contexts,
        )


def build(settings: Settings, *, directory: Accounts | None = None) -> Application:
    """The gateway for these settings. Raises ConfigurationError. ``directory`` replaces who owns which account."""
    return Application(settings, directory)
