"""``gateway check``: does everything that the configuration names answer? Step by step, with hints."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import httpx
from msgspec import Struct, field

from gateway.accounts.account import Account, Caller
from gateway.accounts.directory import Directory
from gateway.accounts.exchanges import Exchanges
from gateway.accounts.reach import Reach
from gateway.accounts.verify.imap import ImapTrial
from gateway.accounts.verify.step import Step, Steps
from gateway.accounts.verify.verification import hiding
from gateway.accounts.verify.whereabouts import configured, whereabouts
from gateway.app import means_of
from gateway.audit import NoAudit
from gateway.errors import ConfigurationError, Conflict, GatewayError, NotFound, Unavailable
from gateway.identity.authenticator import Authenticator
from gateway.identity.fetch import FetchFailed
from gateway.identity.introspection import IntrospectionEndpoint
from gateway.identity.keys import KeySource, RemoteKeys, key_source
from gateway.identity.secrets import IdentitySecrets
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.tls import TlsContexts
from gateway.log import configure
from gateway.secret import Secret
from gateway.settings.model import Dpop, Introspection, Issuer, Limits, Log, Provider, Settings

FOUND_WRONG = 1
_HTTP_SECONDS = 10.0
_TOKEN_MAX = 16_384  # octets
_SERVER_SECONDS = 120.0


class Claimed(Struct, frozen=True):
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
            text = str(error) or error.answer().title
            hint = f"It would be answered with HTTP {error.answer().status}."
            self.failed = True
        self._line("FAIL" if hint else "ok", name, 1000 * (time.monotonic() - began), text, hint)
        return not hint

    def tell(self, step: Step, endpoint: Endpoint, *, wrong: bool = False) -> None:
        """Prints a step of a server's trial, where it was tried; ``wrong``: only if it failed."""
        if step.outcome == "skipped" or (wrong and step.outcome != "failed"):
            return
        self.failed = self.failed or step.outcome == "failed"
        mark = {"ok": "ok", "warning": "warn"}.get(step.outcome, "FAIL")
        name = "starttls" if step.step == "tls" and endpoint.tls == "starttls" else step.step
        self._line(mark, name, step.milliseconds, step.detail, step.hint or "")

    def _line(self, mark: str, name: str, milliseconds: float, text: str, hint: str) -> None:
        self._write(f"  {mark:<4} {name:<11} {milliseconds:6.0f} ms  {text}\n")
        if hint:
            self._write(f"       {'':<11}            {hint}\n")


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
                await _account(directory, caller, settings, report)


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
    trial = ImapTrial(endpoint, configured, _deadlines(limits), TlsContexts(), frozenset(provider.disable_capabilities))
    try:
        await trial.look(Steps("imap", _soon(), on_step=lambda step: report.tell(step, endpoint)))
    finally:
        await trial.close()


def _deadlines(limits: Limits) -> Deadlines:
    return Deadlines(limits.connect_seconds, limits.greeting_seconds, limits.command_seconds)


def _soon() -> float:
    """Each step has a deadline of its own; this is for all of them."""
    return asyncio.get_running_loop().time() + _SERVER_SECONDS


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


async def _account(directory: Directory, caller: Caller, settings: Settings, report: Report) -> None:
    resolved: list[Account] = []

    async def resolve() -> str:
        resolved.append(await directory.resolve(caller, "me"))
        return f"served by {resolved[0].provider.name}"

    if not await report.step("account", resolve()):
        return
    account = resolved[0]
    ignored = frozenset(account.provider.disable_capabilities)
    resolves = whereabouts(Reach.of(settings.accounts))
    trial = ImapTrial(account.endpoint, resolves, _deadlines(settings.limits), TlsContexts(), ignored)
    hide = hiding(account.credential)
    try:
        # the way there was told with the provider: only what went wrong is worth a second line
        if await trial.look(Steps("imap", _soon(), hide, lambda step: report.tell(step, account.endpoint, wrong=True))):
            steps = Steps("imap", _soon(), hide, lambda step: report.tell(step, account.endpoint))
            await trial.sign_in(steps, account.credential)
    finally:
        await trial.close()


def _read_token(file: Path) -> Secret:
    try:
        with file.open("rb") as opened:
            text = opened.read(_TOKEN_MAX).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("can't be read", key="--token-file", where=str(file)) from error
    return Secret(text)
