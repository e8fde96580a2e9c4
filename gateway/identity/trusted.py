"""An issuer that is trusted, with all that its tokens are verified by."""

from __future__ import annotations

from collections.abc import Callable

import httpx
from msgspec import Struct

from gateway.identity.introspection import IntrospectionEndpoint
from gateway.identity.keys import KeySource, key_source
from gateway.identity.opaque import OpaqueTokens
from gateway.identity.secrets import IdentitySecrets
from gateway.identity.validator import AccessTokenValidator
from gateway.metrics import Metrics
from gateway.settings.model import Issuer


class Trusted(Struct, frozen=True):
    """``opaque``: where this issuer is asked about opaque tokens."""

    issuer: Issuer
    keys: KeySource
    validator: AccessTokenValidator
    opaque: OpaqueTokens | None = None

    async def start(self) -> None:
        await self.keys.start()

    async def close(self) -> None:
        await self.keys.close()
        if self.opaque is not None:
            await self.opaque.close()


class World(Struct, frozen=True):
    """What an issuer is reached and judged by. ``clock`` gives seconds since the epoch."""

    http: httpx.AsyncClient
    clock: Callable[[], float]
    secrets: IdentitySecrets
    metrics: Metrics | None

    def trust(self, issuer: Issuer) -> Trusted:
        on_fetch = self.metrics.keys_fetched if self.metrics else None
        keys = key_source(issuer.jwks_file, issuer.issuer, self.http, self.clock, on_fetch)
        validator = AccessTokenValidator(issuer, keys.at_hand, self.clock)
        return Trusted(issuer, keys, validator, self._opaque(issuer))

    def _opaque(self, issuer: Issuer) -> OpaqueTokens | None:
        secret = self.secrets.clients.get(issuer.issuer)
        if issuer.introspection is None or secret is None:
            return None
        endpoint = IntrospectionEndpoint(issuer.issuer, issuer.introspection, secret, self.http, self.clock)
        return OpaqueTokens(issuer, endpoint, self.clock, self.metrics.introspected if self.metrics else None)
