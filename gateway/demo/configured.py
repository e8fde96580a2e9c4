"""The page in front of one's own configuration: its first issuer signs in, its mail servers are asked."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from gateway.app import ISSUER_SECONDS, build
from gateway.demo.client import Client
from gateway.demo.listening import FINISH_SECONDS, HOST, listening, url_of
from gateway.demo.site import Site
from gateway.errors import ConfigurationError
from gateway.identity.discovery import discover
from gateway.identity.fetch import FetchFailed
from gateway.listener import Listener, listen
from gateway.settings.bind import Bind
from gateway.settings.load import load
from gateway.settings.model import Settings


@dataclass(frozen=True, slots=True)
class Configured:
    """``client_id``: of a public client at the first issuer, which may come back to the page's address."""

    settings: Settings
    client_id: str
    file: Path

    @classmethod
    def read(cls, file: Path, client_id: str) -> Configured:
        """Raises ConfigurationError."""
        settings = load(file)
        if settings.issuers[0].dpop == "required":
            raise ConfigurationError(
                "the page sends bearer tokens, which this issuer's must not be", key="issuers[0].dpop", where=str(file)
            )
        return cls(settings, client_id, file)

    @property
    def issuer(self) -> str:
        return self.settings.issuers[0].issuer

    @contextlib.asynccontextmanager
    async def serving(self, port: int) -> AsyncIterator[str]:
        """The page's URL. Raises ConfigurationError where the issuer can't be found."""
        client = Client.at(self.settings.issuers[0], self.client_id, await self._token_endpoint())
        with listen(Bind(HOST, port), "--port") as public:
            application = build(self.settings)
            listener = Listener(Site(application.public, client), lifespan=True, finish_seconds=FINISH_SECONDS)
            async with listening(listener, public):
                try:
                    yield url_of(public)
                finally:
                    await application.drain()

    async def _token_endpoint(self) -> str:
        async with httpx.AsyncClient(timeout=ISSUER_SECONDS, follow_redirects=False) as web:
            try:
                return await discover(web, self.issuer, "token_endpoint")
            except FetchFailed as failed:
                raise ConfigurationError(str(failed), key="issuers[0].issuer", where=str(self.file)) from failed
