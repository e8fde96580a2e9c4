"""A gateway in the test's own event loop, on a real socket, in front of any mail server: ready in a moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from gateway.app import Application, build
from gateway.http.services import Accounts
from gateway.listener import Listener, listen
from gateway.settings.accounts import Accounts as AccountSettings
from gateway.settings.bind import Bind
from gateway.settings.model import (
    Endpoint,
    Issuer,
    Limits,
    Live,
    MasterUser,
    PassThrough,
    Provider,
    Rates,
    Server,
    Settings,
)
from tests.servers.tokens import TokenIssuer

QUICK: Mapping[str, float] = {"connect_seconds": 2, "greeting_seconds": 2, "command_seconds": 2}
"""Deadlines short enough to wait for, and long enough for a busy machine."""


@dataclass(frozen=True)
class GatewayHere:
    """``url`` without a slash at its end; ``application`` is what serves there."""

    url: str
    application: Application
    tokens: TokenIssuer

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def authorization(self, user: str, *, ttl: float = 3000) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens.token(user, profile='keycloak', ttl=ttl)}"}

    @asynccontextmanager
    async def client(self, user: str, *, ttl: float = 3000) -> AsyncIterator[httpx.AsyncClient]:
        """A client whose base is the user's account; each has a token of its own."""
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(
            base_url=f"{self.url}/v1/accounts/me",
            headers=self.authorization(user, ttl=ttl),
            timeout=30,
            trust_env=False,
            verify=False,
            limits=limits,
        ) as made:
            yield made


def endpoint(port: int, *, tls: str = "none", ca_file: Path | None = None) -> Endpoint:
    """A mail server on loopback; plain text unless said otherwise, so that faults can be put into what it says."""
    host = "127.0.0.1" if tls == "none" else "localhost"
    ca = None if ca_file is None else str(ca_file)
    return Endpoint(host=host, port=port, tls=tls, ca_file=ca, allow_plaintext=tls == "none")  # type: ignore[arg-type]


@asynccontextmanager
async def gateway_before(
    imap: Endpoint,
    tokens: TokenIssuer,
    *,
    auth: PassThrough | MasterUser | None = None,
    limits: Mapping[str, float] | None = None,
    live: Mapping[str, float] | None = None,
    ignore: tuple[str, ...] = (),
    directory: Accounts | None = None,
    accounts: AccountSettings | None = None,
    rates: Rates | None = None,
) -> AsyncIterator[GatewayHere]:
    """``limits``, ``live``, ``accounts``: settings of those tables. ``directory`` replaces whose account is whose."""
    issuer = Issuer(issuer=tokens.issuer, audience=tokens.audience, profile="keycloak", jwks_file=str(tokens.jwks_file))
    way = auth or PassThrough()
    provider = Provider(name="test", imap=imap, auth=way, domains=("example.org",), disable_capabilities=ignore)
    settings = Settings(
        issuers=(issuer,),
        providers=(provider,),
        server=Server(drain_seconds=2),
        rates=rates or Rates(enabled=False),
        limits=Limits(**(limits or {})),  # type: ignore[arg-type]  # whole numbers are given where they must be whole
        accounts=accounts or AccountSettings(),
        live=Live(**(live or {})),  # type: ignore[arg-type]  # quota_percents is not given here
    )
    application = build(settings, directory=directory)
    sock = listen(Bind("127.0.0.1", 0), "server.bind")
    listener = Listener(application.public, lifespan=True, finish_seconds=2)
    serving = asyncio.create_task(listener.serve([sock]))
    ready = asyncio.create_task(listener.ready.wait())
    try:
        async with asyncio.timeout(10):
            await asyncio.wait((serving, ready), return_when=asyncio.FIRST_COMPLETED)
        assert not serving.done(), "the gateway did not start"
        yield GatewayHere(f"http://127.0.0.1:{sock.getsockname()[1]}", application, tokens)
    finally:
        ready.cancel()
        listener.should_exit = True
        await application.drain()
        await serving
        sock.close()
