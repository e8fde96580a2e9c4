"""Signed access tokens as RFC 9068 describes them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from joserfc import jwt
from joserfc.jwk import ECKey, KeySetSerialization

LIFETIME_SECONDS = 8 * 3600
SCOPES = ("mail.read", "mail.modify", "mail.delete", "mail.folders", "mail.events", "mail.accounts", "mail.send")


@dataclass(frozen=True, slots=True)
class Subject:
    """Who the tokens speak of."""

    name: str
    address: str


class TokenMaker:
    """Makes tokens with a key of its own, which is gone when the process ends. ``clock``: seconds since the epoch."""

    def __init__(self, issuer: str, audience: str, subject: Subject, clock: Callable[[], float]) -> None:
        self.issuer = issuer
        self.audience = audience
        self.subject = subject
        self._clock = clock
        self._key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)

    def jwks(self) -> KeySetSerialization:
        return {"keys": [self._key.as_dict(private=False)]}

    def make(self, *, client_id: str, scopes: tuple[str, ...] = SCOPES, lifetime: int = LIFETIME_SECONDS) -> str:
        now = int(self._clock())
        claims = {
            "iss": self.issuer,
            "sub": self.subject.name,
            "aud": self.audience,
            "iat": now,
            "exp": now + lifetime,
            "jti": secrets.token_urlsafe(16),
            "client_id": client_id,
            "scope": " ".join(scopes),
            "email": self.subject.address,
        }
        header = {"alg": "ES256", "typ": "at+jwt", "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=["ES256"])
