"""The whole demo in one process: mail server, issuer, gateway, page and a postman, on the loopback only."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import ssl
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from gateway.app import build
from gateway.demo.certificate import make_certificate
from gateway.demo.client import Client
from gateway.demo.configured import Configured
from gateway.demo.delivery import DeliveryFailed, Mailman
from gateway.demo.imapd.connection import Users
from gateway.demo.imapd.folder import Store
from gateway.demo.imapd.server import MailServer
from gateway.demo.issuer.app import issuer_app
from gateway.demo.issuer.grants import CLIENT_ID, Grants
from gateway.demo.issuer.tokens import Subject, TokenMaker
from gateway.demo.listening import FINISH_SECONDS, HOST, listening, url_of
from gateway.demo.mail.compose import OWNER
from gateway.demo.mail.mailbox import fill
from gateway.demo.site import Site
from gateway.demo.upstream import OneMailbox, Upstream
from gateway.demo.words import introduction, own_introduction
from gateway.imap.endpoint import Endpoint
from gateway.listener import Listener, listen
from gateway.log import configure
from gateway.secret import Secret
from gateway.settings import model
from gateway.settings.bind import Bind

_SWEEP_SECONDS = 2.0  # all folders of the page are live; one page is no burden
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Plan:
    """``port`` 0 is any; ``deliver_every`` in seconds, 0 is never; ``shown`` None is the embedded mail server."""

    port: int
    deliver_every: float
    ready_file: Path | None
    shown: Upstream | Configured | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page is, and who signs people in."""

    url: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Addresses(Place):
    """What a visitor of the demo's own issuer needs.

    ``code``: what the consent page asks for, before it opens a real mailbox.
    """

    token: str
    address: str
    code: str | None


def run(plan: Plan) -> int:
    """Until Ctrl-C; the exit status. Raises ConfigurationError."""
    configure(model.Log(level="warning", format="console"))
    with tempfile.TemporaryDirectory(prefix="gateway-demo-") as folder, asyncio.Runner() as runner:
        return runner.run(_demo(plan, Path(folder)))


async def _demo(plan: Plan, folder: Path) -> int:
    stop = asyncio.Event()
    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        if isinstance(plan.shown, Configured):
            place = Place(await stack.enter_async_context(plan.shown.serving(plan.port)), plan.shown.issuer)
            _ready(plan, own_introduction(place.url, place.issuer, plan.shown.client_id), place)
        else:
            addresses = await _mailbox(stack, plan, plan.shown, folder)
            text = introduction(addresses, embedded=plan.shown is None, every=plan.deliver_every)
            _ready(plan, text, addresses)
        await stop.wait()
    return 0


async def _mailbox(stack: contextlib.AsyncExitStack, plan: Plan, upstream: Upstream | None, folder: Path) -> Addresses:
    """One mailbox, with an issuer of the demo's own."""
    if upstream is not None:
        return await stack.enter_async_context(_serving(plan.port, upstream, secrets.token_hex(4)))
    embedded, mailman = await stack.enter_async_context(_embedded(folder))
    addresses = await stack.enter_async_context(_serving(plan.port, embedded, None))
    if plan.deliver_every > 0:
        await stack.enter_async_context(_delivering(mailman, plan.deliver_every))
    return addresses


@contextlib.asynccontextmanager
async def _embedded(folder: Path) -> AsyncIterator[tuple[Upstream, Mailman]]:
    """The embedded mail server with the sample mail in it."""
    tls, authority = make_certificate(folder)
    store = Store(uidvalidity=int(time.time()))
    fill(store, datetime.now(UTC))
    user, password = OWNER[1], Secret(secrets.token_urlsafe(24))
    server = MailServer(store, Users({user: password}), tls)
    port = await server.start(HOST)
    try:
        trust = ssl.create_default_context(cafile=authority)
        yield (
            Upstream(Endpoint(HOST, port, "implicit", str(authority)), user, password),
            Mailman(port, user, password, trust),
        )
    finally:
        await server.close()


@contextlib.asynccontextmanager
async def _serving(port: int, upstream: Upstream, code: str | None) -> AsyncIterator[Addresses]:
    """The issuer, then the gateway that trusts it, with the page in front. ``code``: see Addresses."""
    with listen(Bind(HOST, port), "--port") as public, listen(Bind(HOST, 0), "issuer") as own:
        url, issuer = url_of(public), url_of(own)
        maker = TokenMaker(issuer, url, Subject("demo", upstream.address), time.time)
        pages = (url, url.replace(HOST, "localhost"))  # people type either
        grants = Grants(frozenset(f"{page}/" for page in pages), code, time.time)
        trusted = model.Issuer(issuer=issuer, audience=url)
        settings = model.Settings(
            issuers=(trusted,),
            providers=(upstream.provider(),),
            server=model.Server(bind=f"{HOST}:{port}", public_url=url),
            audit=model.Audit(to="off"),
            live=model.Live(sweep_seconds=_SWEEP_SECONDS),
        )
        application = build(settings, directory=OneMailbox(upstream))
        site = Site(application.public, Client.at(trusted, CLIENT_ID, f"{issuer}/token"))
        asking = Listener(issuer_app(maker, grants, pages), lifespan=False, finish_seconds=1)
        showing = Listener(site, lifespan=True, finish_seconds=FINISH_SECONDS)
        async with listening(asking, own), listening(showing, public):
            try:
                yield Addresses(url, issuer, maker.make(client_id=CLIENT_ID), upstream.address, code)
            finally:
                await application.drain()


@contextlib.asynccontextmanager
async def _delivering(mailman: Mailman, every: float) -> AsyncIterator[None]:
    async def deliver() -> None:
        try:
            await mailman.run(every)
        except (DeliveryFailed, OSError, EOFError) as error:
            print(f"gateway: no more new mail: {error}", file=sys.stderr)

    task = asyncio.create_task(deliver())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


def _ready(plan: Plan, text: str, place: Place) -> None:
    print(text, flush=True)
    if plan.ready_file is not None:
        _write_ready(plan.ready_file, place)


def _write_ready(file: Path, place: Place) -> None:
    """Whole or not at all, and for nobody else's eyes: it may hold a token."""
    partial = file.with_name(file.name + ".part")
    partial.touch(mode=0o600)
    partial.write_bytes(msgspec.json.encode(place))
    partial.replace(file)
