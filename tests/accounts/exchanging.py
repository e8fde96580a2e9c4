"""A token endpoint in memory, and a caller who comes to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import httpx

from gateway.accounts.exchange import Exchanger, Means
from gateway.accounts.token_endpoint import Client
from gateway.metrics import ExchangeOutcome
from gateway.secret import Secret
from gateway.settings.model import TokenExchange

ISSUER = "https://login.example.org"
SETTINGS = TokenExchange(client_id="gate way", client_secret_env="S", audience="imap")
GOOD: Mapping[str, object] = {
    "access_token": "exchanged-1",
    "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
    "token_type": "Bearer",
    "expires_in": 300,
}


@dataclass(frozen=True)
class Someone:
    """``key``: the token is bound to it."""

    issuer: str = ISSUER
    subject: str = "s1"
    token: Secret = field(default_factory=lambda: Secret("callers-token"))
    expires_at: float = 10_000.0
    key: str | None = None
    claims: Mapping[str, object] = field(default_factory=dict)
    audiences: frozenset[str] = frozenset()


class Kept:
    def read(self) -> Secret:
        return Secret("se:cret")


@dataclass
class Endpoint:
    """Answers as the test says, and keeps what it was asked."""

    answer: Callable[[httpx.Request], httpx.Response] = lambda request: httpx.Response(200, json=dict(GOOD))
    asked: list[httpx.Request] = field(default_factory=list)
    discovered: list[tuple[str, str]] = field(default_factory=list)
    outcomes: list[ExchangeOutcome] = field(default_factory=list)
    recorded: list[dict[str, object]] = field(default_factory=list)
    now: float = 1000.0
    client_auth: str = "basic"

    def forms(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(request.content.decode())) for request in self.asked]

    def record(self, event: str, **details: object) -> None:
        self.recorded.append({"event": event, **details})

    def asked_from(self, client: str | None) -> AbstractContextManager[None]:
        return nullcontext()

    def means(self) -> Means:
        def handle(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            made = self.answer(request)
            return httpx.Response(made.status_code, headers=made.headers, stream=httpx.ByteStream(made.content))

        async def discover(issuer: str, member: str) -> str:
            self.discovered.append((issuer, member))
            return f"{issuer}/token"

        web = httpx.AsyncClient(transport=httpx.MockTransport(handle))
        return Means(web, discover, lambda: self.now, lambda: 0.5, self, self.outcomes.append)

    def exchanger(self, settings: TokenExchange = SETTINGS, issuer: str = ISSUER) -> Exchanger:
        return Exchanger(settings, issuer, Client(settings.client_id, Kept(), settings.client_auth), self.means())
