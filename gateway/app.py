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
from gateway.accounts.finding import Finder
from gateway.accounts.host import HostRefused
from gateway.accounts.reach import Reach
from gateway.accounts.verify.verification import Verifier
from gateway.accounts.verify.whereabouts import whereabouts
from gateway.errors import ConnectFailed
from gateway.http.app import create_app
from gateway.http.idempotency import MemoryIdempotency
from gateway.http.management import create_management_app
from gateway.http.services import Accounts, Servers, Services, State
from gateway.http.tickets import MemoryTickets
from gateway.http.tries import Tries
from gateway.identity.authenticator import Authenticator
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
from gateway.settings.model import Limits, Settings

ISSUER_SECONDS = 10.0
LAG_INTERVAL = 0.1


class Application:
    """The gateway of one process. Everything that needs an event loop is made in the public lifespan."""

    def __init__(self, settings: Settings, directory: Accounts) -> None:
        self._settings = settings
        self._directory = directory
        self._secrets = IdentitySecrets.open(settings.issuers, settings.dpop)
        self._metrics = Metrics(provider.name for provider in settings.providers)
        self._reach = Reach.of(settings.accounts)
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
            web = await stack.enter_async_context(httpx.AsyncClient(timeout=ISSUER_SECONDS, follow_redirects=False))
            authenticator = Authenticator(
                settings.issuers, web, time.time, metrics=self._metrics, secrets=self._secrets
            )
            await authenticator.start()
            stack.push_async_callback(authenticator.close)
            pool = Pool(
                settings.limits, opener=Opener(settings.limits, self._metrics, self._reach), metrics=self._metrics
            )
            stack.push_async_callback(pool.close, settings.server.drain_seconds)
            desk = Desk(pool, settings.limits, time.time, Summaries(settings.limits.summaries_octets))
            hub = Hub(desk, settings.live, self._metrics, random.random, logger("gateway.live").warning)
            stack.push_async_callback(hub.drain)
            stack.callback(self.unready)
            stack.callback(asyncio.create_task(_watch_loop(self._metrics)).cancel)
            self._hub, self._ready = hub, True
            yield State(services=self._services(desk, hub, authenticator))

    def _services(self, desk: Desk, hub: Hub, authenticator: Authenticator) -> Services:
        settings, contexts = self._settings, TlsContexts()
        return Services(
            desk=desk,
            hub=hub,
            authenticator=authenticator,
            directory=self._directory,
            servers=Servers(
                Finder.of(settings, self._reach, contexts),
                Verifier(
                    whereabouts(self._reach), deadlines_of(settings.limits), settings.accounts.find_seconds, contexts
                ),
                Tries(settings.accounts.tries_per_minute, time.monotonic),
            ),
            metrics=self._metrics,
            settings=settings,
            idempotency=MemoryIdempotency(time.monotonic),
            tickets=MemoryTickets(time.monotonic),
            clock=time.time,
            random=random.random,
        )


async def _watch_loop(metrics: Metrics) -> None:
    """Measures how late the event loop runs, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LAG_INTERVAL
        await asyncio.sleep(LAG_INTERVAL)
        metrics.loop_lag(loop.time() - due)


class Opener:
    """Opens sessions for the pool. TLS contexts are made once for each authority file.

    Hosts that users named are resolved and checked each time, by ``reach``.
    """

    def __init__(self, limits: Limits, metrics: Metrics, reach: Reach | None = None) -> None:
        self._reach = reach
        self._deadlines = deadlines_of(limits)
        self._metrics = metrics
        self._contexts = TlsContexts()

    async def __call__(self, target: Target) -> Session:
        """A signed-in session; raises what :meth:`Session.open` raises."""
        endpoint = target.endpoint
        if endpoint.restricted and self._reach is not None:
            try:
                endpoint = await self._reach.pinned(endpoint)
            except HostRefused as refused:  # by now: it was another answer when the account was linked
                raise ConnectFailed("the account's mail server may not be reached from here") from refused
        return await Session.open(
            endpoint,
            target.credential,
            deadlines=self._deadlines,
            ignore=target.ignore,
            client_id={"name": "imap-gateway", "version": __version__},
            on_bytes=lambda received, sent: self._metrics.traffic(target.provider, received, sent),
            on_command=lambda name, outcome, seconds: self._metrics.command(target.provider, name, outcome, seconds),
            compress=target.compress,
            tls=self._contexts,
        )


def deadlines_of(limits: Limits) -> Deadlines:
    """How long a mail server may take, as the settings have it."""
    return Deadlines(limits.connect_seconds, limits.greeting_seconds, limits.command_seconds)


def build(settings: Settings, *, directory: Accounts | None = None) -> Application:
    """The gateway for these settings. Raises ConfigurationError. ``directory`` replaces who owns which account."""
    return Application(settings, Directory(settings) if directory is None else directory)
