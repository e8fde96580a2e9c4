"""Tokens of any shape, signed for real or not at all."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from joserfc.jws import JWSRegistry

from tests.servers.tokens import Key

ISSUER = "https://login.example.org"
AUDIENCE = "https://mail.example.org"
NOW = 1_800_000_000

Json = Mapping[str, object] | bytes


def encoded(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def segment(value: Json) -> str:
    return encoded(value if isinstance(value, bytes) else json.dumps(value).encode())


def authenticated(header: Json, payload: Json, secret: bytes) -> str:
    """With an HMAC under any octets: joserfc itself refuses to take a public key as a secret."""
    body = f"{segment(header)}.{segment(payload)}"
    return f"{body}.{encoded(hmac.digest(secret, body.encode(), 'sha256'))}"


def signed(header: Json, payload: Json, alg: str, key: Key) -> str:
    """Header and payload as they are, with a true signature by ``key``."""
    body = f"{segment(header)}.{segment(payload)}"
    return f"{body}.{encoded(JWSRegistry.algorithms[alg].sign(body.encode(), key))}"


@dataclass(frozen=True, slots=True)
class Forge:
    """Makes tokens that differ from good ones in what a test says."""

    keys: Mapping[str, Key]
    now: int = NOW

    def header(self, alg: str = "ES256", /, **changes: object) -> dict[str, object]:
        return {"alg": alg, "typ": "at+jwt", "kid": self.keys[alg].kid, **changes}

    def claims(self, **changes: object) -> dict[str, object]:
        good: dict[str, object] = {
            "iss": ISSUER,
            "sub": "subject-alice",
            "aud": AUDIENCE,
            "client_id": "mail-app",
            "jti": "9c1d",
            "iat": self.now - 10,
            "exp": self.now + 300,
            "scope": "openid mail.read",
            "email": "alice@example.org",
        }
        return without(good | changes)

    def keycloak(self, **changes: object) -> dict[str, object]:
        good = self.claims(client_id=None) | {"typ": "Bearer", "azp": "mail-app", "aud": ["account", AUDIENCE]}
        return without(good | changes)

    def token(self, alg: str = "ES256", /, **claims: object) -> str:
        return signed(self.header(alg), self.claims(**claims), alg, self.keys[alg])

    def headed(self, **header: object) -> str:
        """A token with good claims and a changed header."""
        return signed(without(self.header() | header), self.claims(), "ES256", self.keys["ES256"])

    def raw(self, payload: bytes, header: bytes | None = None) -> str:
        """Any octets as payload (and header), signed with the ES256 key."""
        return signed(header if header is not None else self.header(), payload, "ES256", self.keys["ES256"])


def without(values: Mapping[str, object]) -> dict[str, object]:
    """None stands for absence."""
    return {name: value for name, value in values.items() if value is not None}
