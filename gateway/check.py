"""``gateway check``: does everything that the configuration names answer? Step by step, with hints."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from gateway.accounts.account import Account, Caller
from gateway.accounts.directory import Directory
from gateway.accounts.exchanges import Exchanges
from gateway.app import means_of
from gateway.audit import NoAudit
from gateway.errors import (
    ConfigurationError,
    Conflict,
    ConnectFailed,
    DeadlinePassed,
    GatewayError,
    NotFound,
    SignInRefused,
    TlsFailed,
    TlsRequired,
    Unavailable,
)
from gateway.identity.authenticator import Authenticator
from gateway.identity.fetch import FetchFailed
from gateway.identity.introspection import IntrospectionEndpoint
from gateway.identity.keys import KeySource, RemoteKeys, key_source
from gateway.identity.secrets import IdentitySecrets
from gateway.imap.capability import Capabilities
from gateway.imap.connection import Connection
from gateway.imap.connection_open import connect, greeted, start_tls
from gateway.imap.encode.command import command
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.name import MailboxName
from gateway.imap.response import Capability
from gateway.imap.routing import Single
from gateway.imap.session import Session
from gateway.imap.tls import TlsContexts
from gateway.log import configure
from gateway.secret import Secret
from gateway.settings.model import Dpop, Introspection, Issuer, Limits, Log, Provider, Settings

FOUND_WRONG = 1
_HTTP_SECONDS = 10.0
_TOKEN_MAX = 16_384  # octets
_SYNC = {
    "qresync": "QRESYNC: changes and deletions come exactly",
    "condstore": "CONDSTORE: changes come exactly, deletions by comparison",
    "window": "neither CONDSTORE nor QRESYNC: changes are found by comparison",
}


@dataclass(frozen=True, slots=True)
class Claimed:
    """A caller as a verified token would name it, for checking the way to an account without a token."""

    issuer: str
    claims: Mapping[str, object]
    subject: str = ""
    audiences: frozenset[str] = frozenset()
    token: Secret = field(default_factory=lambda: Secret(""))
    expires_at: float = 0.0
    key: str | None = None


class Report:
    """Prints each step as it ends, and remembers whether one failed."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self.failed = False

    def title(self, text: str) -> None:
        self._write(f"\n{text}\n")

    async def step(self, name: str, work: Awaitable[str]) -> bool:
        """``work`` tells what it found; whatever it raises of the error tree is the failure. True where it is well."""
        began = time.monotonic()
        try:
            text, hint = await work, ""
        except GatewayError as error:
            text, hint = str(error) or error.answer().title, _hint(error)
            self.failed = True
        milliseconds = 1000 * (time.monotonic() - began)
        mark = "ok  " if not hint else "FAIL"
        self._write(f"  {mark} {name:<11} {milliseconds:6.0f} ms  {text}\n")
        if hint:
            self._write(f"       {'':<11}            {hint}\n")
        return not hint


def check(settings: Settings, *, account: str | None, token_file: Path | None, write: Callable[[str], object]) -> int:
    """The exit status: 0 where all is well, 1 otherwise. Raises ConfigurationError."""
    configure(Log(level="error", format="console"))
    report = Report(write)
    http = httpx.AsyncClient(timeout=_HTTP_SECONDS)
    directory = Directory(settings, exchanges=Exchanges(means_of(http, NoAudit())))
    token = None if token_file is None else _read_token(token_file)
    report.title("configuration: valid")
    asyncio.run(_check(settings, directory, http, account, token, report))
    return FOUND_WRONG if report.failed else 0


async def _check(
    settings: Settings,
    directory: Directory,
    http: httpx.AsyncClient,
    account: str | None,
    token: Secret | None,
    report: Report,
) -> None:
    async with http:
        for issuer in settings.issuers:
            report.title(f"issuer {issuer.issuer}")
            await report.step("keys", _keys(issuer, http))
            if issuer.introspection is not None:
                await report.step("opaque", _introspection(issuer, issuer.introspection, http))
        for provider in settings.providers:
            report.title(f"provider {provider.name}: {provider.imap.host}:{provider.imap.port} ({provider.imap.tls})")
            await _server(provider, settings.limits, report)
        if token is not None or account is not None:
            report.title(f"account {account or 'of the token'}")
            caller = await _caller(settings, account, token, http, report)
            if caller is not None:
                await _account(directory, caller, settings.limits, report)


async def _keys(issuer: Issuer, http: httpx.AsyncClient) -> str:
    source = key_source(issuer.jwks_file, issuer.issuer, http, time.time, None)
    try:
        await _prepared(source, issuer)
        usable = [name for name in issuer.algorithms if source.at_hand(None, name)]
    finally:
        await source.close()
    if not usable:
        raise NotFound("the issuer has no key for the algorithms that are configured")
    return f"keys for {', '.join(usable)}"


async def _prepared(source: KeySource, issuer: Issuer) -> None:
    """Raises Unavailable, which here says what was asked and what came of it."""
    try:
        await source.prepare(None, issuer.algorithms[0])
    except Unavailable as failed:
        if isinstance(source, RemoteKeys) and source.failure:
            raise Unavailable(source.failure) from failed
        raise


async def _server(provider: Provider, limits: Limits, report: Report) -> None:
    imap = provider.imap
    endpoint = Endpoint(imap.host, imap.port, imap.tls, imap.ca_file)
    deadlines = Deadlines(limits.connect_seconds, limits.greeting_seconds, limits.command_seconds)
    if not await report.step("dns", _resolve(endpoint)) or not await report.step("tcp", _reach(endpoint, deadlines)):
        return
    contexts = TlsContexts()
    opened: list[Connection] = []

    async def open_() -> str:
        opened.append(await connect(endpoint, deadlines, contexts))
        return "certificate and name verified" if endpoint.tls == "implicit" else "not yet: plain text"

    async def secure() -> str:
        await start_tls(opened[0], endpoint, deadlines, contexts)
        return "certificate and name verified"

    async def greet() -> str:
        return (await greeted(opened[0], deadlines)).text[:80]

    steps = [("tls" if endpoint.tls == "implicit" else "connect", open_), ("greeting", greet)]
    steps += [("starttls", secure)] if endpoint.tls == "starttls" else []
    steps.append(("capability", lambda: _capability(opened[0], frozenset(provider.disable_capabilities))))
    try:
        for name, work in steps:
            if not await report.step(name, work()):
                return
    finally:
        for connection in opened:
            connection.protocol.close()


async def _resolve(endpoint: Endpoint) -> str:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ConnectFailed("the host name can't be resolved") from error
    return ", ".join(sorted({str(address[4][0]) for address in found}))


async def _reach(endpoint: Endpoint, deadlines: Deadlines) -> str:
    try:
        async with asyncio.timeout(deadlines.connect):
            _, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
    except TimeoutError as error:
        raise DeadlinePassed("no answer in time") from error
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "none of its addresses answers"
        raise ConnectFailed(reason.lower()) from error
    writer.transport.abort()
    return "connected"


async def _capability(connection: Connection, ignored: frozenset[str]) -> str:
    want = Single(Capability)
    await connection.protocol.execute(connection.protocol.command(command("CAPABILITY"), want))
    names = want.value.names if want.value is not None else frozenset()
    return _described(Capabilities.of(names).without(ignored))


async def _introspection(issuer: Issuer, asking: Introspection, http: httpx.AsyncClient) -> str:
    """Asks about a token that nobody issued: that shows the gateway's client to be accepted."""
    secret = IdentitySecrets.open([issuer], Dpop()).clients[issuer.issuer]
    endpoint = IntrospectionEndpoint(issuer.issuer, asking, secret, http, time.time)
    try:
        answer = await endpoint.ask(f"check-{secrets.token_urlsafe(16)}")
    except FetchFailed as failed:
        raise Unavailable(f"the issuer gives no answer about a token: {failed}") from failed
    if answer["active"]:
        raise Conflict("the issuer calls a token active that was never issued")
    return "the issuer answers questions about opaque tokens"


def _described(capabilities: Capabilities) -> str:
    live = "IDLE" if capabilities.has("IDLE") else "no IDLE: it is asked now and then"
    ways = ", ".join(sorted(capabilities.mechanisms)) or "LOGIN"
    return f"sign-in by {ways}; {live}; {_SYNC[capabilities.sync_mode()]}"


async def _caller(
    settings: Settings, account: str | None, token: Secret | None, http: httpx.AsyncClient, report: Report
) -> Caller | None:
    if token is None:
        issuer = settings.issuers[0]
        return Claimed(issuer.issuer, {issuer.naming_claim: account})
    kept = IdentitySecrets.open(settings.issuers, settings.dpop)
    authenticator = Authenticator(settings.issuers, http, time.time, secrets=kept)
    found: list[Caller] = []

    async def verify() -> str:
        principal = await authenticator.authenticate(f"Bearer {token.reveal()}")
        found.append(principal)
        return f"scopes {' '.join(sorted(principal.scopes)) or 'none'}"

    try:
        await report.step("token", verify())
    finally:
        await authenticator.close()
    return found[0] if found else None


async def _account(directory: Directory, caller: Caller, limits: Limits, report: Report) -> None:
    resolved: list[Account] = []
    opened: list[Session] = []
    deadlines = Deadlines(limits.connect_seconds, limits.greeting_seconds, limits.command_seconds)

    async def resolve() -> str:
        resolved.append(await directory.resolve(caller, "me"))
        return f"served by {resolved[0].provider.name}"

    async def sign_in() -> str:
        account = resolved[0]
        ignored = frozenset(account.provider.disable_capabilities)
        session = await Session.open(
            account.endpoint,
            account.credential,
            deadlines=deadlines,
            ignore=ignored,
            compress=account.provider.compress,
        )
        opened.append(session)
        return _described(session.capabilities)

    async def select() -> str:
        mailbox = await opened[0].select(MailboxName(b"INBOX"), readonly=True)
        return f"INBOX has {mailbox.exists} messages"

    async def idle() -> str:
        if not opened[0].capabilities.has("IDLE"):
            return "not offered"
        async with opened[0].idle():
            pass
        return "the server will tell news by itself"

    try:
        for name, work in (("account", resolve), ("auth", sign_in), ("select", select), ("idle", idle)):
            if not await report.step(name, work()):
                return
    finally:
        for session in opened:
            await session.logout()


def _read_token(file: Path) -> Secret:
    try:
        with file.open("rb") as opened:
            text = opened.read(_TOKEN_MAX).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("can't be read", key="--token-file", where=str(file)) from error
    return Secret(text)


def _hint(error: GatewayError) -> str:
    """What to do about it."""
    match error:
        case TlsFailed():
            return "Is the certificate for this very name, and its authority known here? See imap.ca_file."
        case TlsRequired():
            return "The server does not do TLS as configured: tls may have to be implicit (993) or starttls (143)."
        case SignInRefused():
            return "The server refused these credentials: look at the provider's auth, and at the server's log."
        case DeadlinePassed():
            return "Something between here and there swallows it, such as a firewall; or the port is another kind."
        case ConnectFailed():
            return "Is the host name right, the server running, the port open from here?"
        case _:
            return f"It would be answered with HTTP {error.answer().status}."
