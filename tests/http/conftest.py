"""The application over doubles, and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.http.app import create_app
from gateway.http.services import Services, State, serving
from gateway.settings.model import Settings

from . import doubles, doubles_access


@dataclass
class Gateway:
    """All that a test may look into."""

    app: ASGIApp
    services: Services
    verbs: doubles.Verbs
    hub: doubles.Hub
    authenticator: doubles_access.Authenticator
    clock: doubles.Clock

    def client(self, scopes: str | None = doubles.ALL_SCOPES) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {scopes}"} if scopes else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://gateway.example.org", headers=headers
        )


GatewayFactory = Callable[[Settings], Gateway]


@pytest.fixture
def verbs(monkeypatch: pytest.MonkeyPatch) -> doubles.Verbs:
    double = doubles.Verbs()
    for module, names in doubles.VERBS.items():
        for name in names:
            monkeypatch.setattr(f"gateway.mail.{module}.{name}", getattr(double, name))
    return double


@pytest.fixture
def gateway_factory(verbs: doubles.Verbs) -> GatewayFactory:
    def make(configured: Settings) -> Gateway:
        clock, hub, authenticator = doubles.Clock(), doubles.Hub(), doubles_access.Authenticator()
        services = doubles.services(clock, hub, authenticator, configured)
        app = with_state(create_app(configured, serving(services)), services)
        return Gateway(app, services, verbs, hub, authenticator, clock)

    return make


@pytest.fixture
def gateway(gateway_factory: GatewayFactory) -> Gateway:
    return gateway_factory(doubles.settings())


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with gateway.client() as client:
        yield client


def with_state(app: Callable[[Scope, Receive, Send], Awaitable[None]], services: Services) -> ASGIApp:
    """What a server does with the lifespan's state: a copy for every request."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = State(services=services)
        await app(scope, receive, send)

    return wrapped
