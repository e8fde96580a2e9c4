"""All token exchange of a process: one cache for each provider that signs in by it."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.accounts.exchange import Exchanger, Means
from gateway.accounts.exchanged import ExchangedTokens
from gateway.accounts.sign_in import ByTokenExchange
from gateway.accounts.token_endpoint import Client
from gateway.settings.kept_secret import Place
from gateway.settings.model import TokenExchange


class Exchanges:
    """Closed by whoever built it."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._caches: list[ExchangedTokens] = []

    def sign_in(self, auth: TokenExchange, issuer: str, environ: Mapping[str, str], key: str) -> ByTokenExchange:
        """``issuer``: whose tokens are exchanged. Raises ConfigurationError where the client's secret can't be had."""
        place = Place(f"{key}.client_secret", "the client secret", auth.client_secret_file, auth.client_secret_env)
        client = Client(auth.client_id, place.open(environ), auth.client_auth)
        tokens = ExchangedTokens(self._means.clock, self._means.random)
        self._caches.append(tokens)
        return ByTokenExchange(auth, Exchanger(auth, issuer, client, self._means), tokens)

    async def close(self) -> None:
        """End what is asked of issuers."""
        for tokens in self._caches:
            await tokens.close()
