"""The secrets that the gateway itself needs to judge tokens: its client's at an issuer, and that of its nonces."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from gateway.secret import Secret
from gateway.settings.kept_secret import KeptSecret, Place
from gateway.settings.model import Dpop, Issuer


class OwnSecret(Struct, frozen=True):
    """One that was made at start, and ends with the process."""

    secret: Secret

    def read(self) -> Secret:
        return self.secret


class IdentitySecrets(Struct, frozen=True):
    """``clients`` are by issuer; ``nonces`` is None where no nonces are asked for."""

    clients: Mapping[str, KeptSecret] = field(default_factory=dict)
    nonces: KeptSecret | None = None

    @classmethod
    def open(cls, issuers: Sequence[Issuer], dpop: Dpop, environ: Mapping[str, str] = os.environ) -> IdentitySecrets:
        """Raises ConfigurationError where one of them can't be had."""
        clients: dict[str, KeptSecret] = {}
        for number, issuer in enumerate(issuers):
            asking = issuer.introspection
            if asking is not None:
                key = f"issuers[{number}].introspection.client_secret"
                place = Place(key, "the client secret", asking.client_secret_file, asking.client_secret_env)
                clients[issuer.issuer] = place.open(environ)
        return cls(clients, _nonces(dpop, environ))


def _nonces(dpop: Dpop, environ: Mapping[str, str]) -> KeptSecret | None:
    if not dpop.nonces:
        return None
    if dpop.nonce_secret_file is None and dpop.nonce_secret_env is None:
        return OwnSecret(Secret(secrets.token_urlsafe(32)))
    place = Place("dpop.nonce_secret", "the secret of nonces", dpop.nonce_secret_file, dpop.nonce_secret_env)
    return place.open(environ)
