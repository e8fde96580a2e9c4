"""The composition: settings in, two ASGI applications out. Nothing else builds objects from settings."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import httpx
from starlette.types import ASGIApp

from gateway import __version__
from gateway.accounts.account import Account
from gateway.accounts.directory import Directory
from gateway.accounts.exchange import Means
from gateway.accounts.exchanges import Exchanges
from gateway.accounts.finding import Finder
from gateway.accounts.host import HostRefused
from gateway.accounts.link_place import Vouched
from gateway.accounts.reach import Reach
from gateway.accounts.token_endpoint import NoAnswer
from gateway.accounts.verify.verification import Verifier
from gateway.accounts.verify.whereabouts import whereabouts
from gateway.audit import Audit, NoAudit, Trail
from gateway.audit_file import Descriptor, File, Writer
from gateway.errors import ConnectFailed, SignInRefused
from gateway.http.app import create_app
from gateway.http.idempotency import MemoryIdempotency
from gateway.http.management import create_management_app
from gateway.http.rates import MemoryRates
from gateway.http.services import Accounts, Servers, Services, State
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
from gateway.mail.desk import Desk, target_of
from gateway.mail.summaries import Summaries
from gateway.metrics import Metrics
from gateway.pool.key import AccountKey
from gateway.pool.pool import Pool
from gateway.pool.target import Target
from gateway.settings.account_checks import links_accounts
from gateway.settings.model import Audit as AuditSettings
from gateway.settings.model import Limits, Settings

if TYPE_CHECKING:  # which brings SQLAlchemy: only where accounts are linked
    from gateway.accounts.linking import Linking
    from gateway.accounts.office import Office

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
        self._reach = Reach.of(settings.accounts)
        self._audit_writer = _audit_writer(settings.audit, self._metrics)
        self._audit: Audit = NoAudit() if self._audit_writer is None else Trail(self._audit_writer.write, time.time)
        self._web = httpx.AsyncClient(timeout=ISSUER_SECONDS, follow_redirects=False)
        self._exchanges = Exchanges(means_of(self._web, self._audit, self._metrics))
        self._office: Office | None = None
        if directory is None:
            own = Directory(settings, exchanges=self._exchanges)
            self._directory: Accounts = own
            self._office = _office(settings, own) if links_accounts(settings) else None
        else:
            self._directory = directory
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
            opener = Opener(settings.limits, self._metrics, self._reach)
            pool = Pool(settings.limits, opener=opener, metrics=self._metrics)
            linking = await self._linking(stack, web, opener, pool)
            stack.push_async_callback(pool.close, settings.server.drain_seconds)
            desk = Desk(pool, settings.limits, time.time, Summaries(settings.limits.summaries_octets))
            hub = Hub(desk, settings.live, self._metrics, random.random, logger("gateway.live").warning)
            stack.push_async_callback(hub.drain)
            stack.callback(self.unready)
            stack.callback(asyncio.create_task(_watch_loop(self._metrics)).cancel)
            self._hub, self._ready = hub, True
            yield State(services=self._services(desk, hub, authenticator, linking))

    async def _linking(
        self, stack: AsyncExitStack, web: httpx.AsyncClient, opener: Opener, pool: Pool
    ) -> Linking | None:
        """None where no accounts are linked."""
        if self._office is None:
            return None

        async def prove(account: Account) -> None:
            await (await opener.open(target_of(account))).logout()

        finder = Vouched(Finder.of(self._settings, self._reach, TlsContexts()))
        departed = Departed(pool, lambda: self._hub)
        linking = await stack.enter_async_context(self._office.running(web, prove, departed, self._audit, finder))
        opener.linking = linking
        return linking

    def _services(self, desk: Desk, hub: Hub, authenticator: Authenticator, linking: Linking | None) -> Services:
        settings, contexts = self._settings, TlsContexts()
        return Services(
            desk=desk,
            hub=hub,
            authenticator=authenticator,
            directory=self._directory if linking is None else linking.every,
            linking=linking,
            servers=Servers(
                Finder.of(settings, self._reach, contexts),
                Verifier(
                    whereabouts(self._reach), deadlines_of(settings.limits), settings.accounts.find_seconds, contexts
                ),
            ),
            metrics=self._metrics,
            settings=settings,
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


def _office(settings: Settings, own: Directory) -> Office:
    """Raises ConfigurationError."""
    from gateway.accounts.office import Office

    return Office.of(settings, own)


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


class Departed:
    """What is ended when a link, or the credential of one, is there no more."""

    def __init__(self, pool: Pool, hub: Callable[[], Hub | None]) -> None:
        self._pool = pool
        self._hub = hub

    def credential_gone(self, account: Account) -> None:
        self._pool.forget(AccountKey.of(target_of(account)))

    async def account_gone(self, account_id: str) -> None:
        hub = self._hub()
        if hub is not None:
            await hub.remove(account_id)


class Opener:
    """Opens sessions for the pool. TLS contexts are made once for each authority file.

    Hosts that users named are resolved and checked each time, by ``reach``.
    """

    def __init__(self, limits: Limits, metrics: Metrics, reach: Reach | None = None) -> None:
        self._reach = reach
        self._deadlines = deadlines_of(limits)
        self._metrics = metrics
        self._contexts = TlsContexts(resume=True)
        self.linking: Linking | None = None

    async def __call__(self, target: Target) -> Session:
        """A signed-in session; raises what :meth:`Session.open` raises. A linked account is told how it went."""
        try:
            session = await self.open(target)
        except HostRefused as refused:  # by now: it was another answer when the account was linked
            raise ConnectFailed("the account's mail server may not be reached from here") from refused
        except SignInRefused as error:
            if self.linking is None:
                raise
            raise await self.linking.judged(error, target.account_id, target.credential) from error.__cause__
        if self.linking is not None:
            await self.linking.worked(target.account_id)
        return session

    async def open(self, target: Target) -> Session:
        """The same, and nobody is told. Raises HostRefused for a host that users may not name."""
        endpoint = target.endpoint
        if endpoint.restricted and self._reach is not None:
            endpoint = await self._reach.pinned(endpoint)
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
    return Application(settings, directory)
