"""Issuers' keys and access tokens for tests."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Literal

from joserfc import jwt
from joserfc.jwk import ECKey, KeyParameters, OKPKey, RSAKey

Key = RSAKey | ECKey | OKPKey
Profile = Literal["rfc9068", "keycloak"]

ALL_SCOPES = "mail.read mail.modify mail.delete mail.send mail.folders mail.events mail.accounts"
SETTLED = 2
"""Seconds since a token was issued: a busy Dovecot's clock is up to one behind; it refuses what is of the future."""
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


def make_key(alg: str, kid: str | None = None) -> Key:
    """A fresh signing key for a JWA name such as ``RS256``, ``ES384`` or ``Ed25519``."""
    parameters: KeyParameters = {"alg": alg, "use": "sig", "kid": kid or f"{alg}-{uuid.uuid4().hex[:8]}"}
    if alg in _CURVES:
        return ECKey.generate_key(_CURVES[alg], parameters)
    if alg in ("Ed25519", "EdDSA"):
        return OKPKey.generate_key("Ed25519", parameters)
    return RSAKey.generate_key(2048, parameters)


class TokenIssuer:
    """Signs tokens; publishes its keys as a JWKS file and as the PEM files that Dovecot looks up.

    ``audience`` names the gateway. ``client`` is the OAuth client (``azp`` of Keycloak's tokens: Dovecot looks
    for the key in a folder of that name).
    """

    def __init__(
        self,
        directory: Path,
        *,
        issuer: str = "https://login.example.test",
        audience: str = "https://mail.example.test",
        client: str = "mail-app",
        algorithms: tuple[str, ...] = ("RS256", "ES256"),
    ) -> None:
        self.issuer, self.audience, self.client = issuer, audience, client
        self.jwks_file = directory / "jwks.json"
        self.dovecot_keys = directory / "pem"
        self.keys: dict[str, Key] = {}
        directory.mkdir(parents=True, exist_ok=True)
        self._published: list[Key] = []
        self.rotate(*algorithms)

    def rotate(self, *algorithms: str, withdraw: bool = False) -> None:
        """New keys sign from now on; the old ones stay published, or are withdrawn."""
        if withdraw:
            self._published.clear()
        for alg in algorithms or tuple(self.keys):
            self.keys[alg] = make_key(alg)
            self._published.append(self.keys[alg])
        self.jwks_file.write_text(json.dumps(self.jwks()))
        for key in self._published:
            self._publish_pem(key)

    def jwks(self) -> dict[str, list[dict[str, object]]]:
        return {"keys": [dict(key.as_dict(private=False)) for key in self._published]}

    def token(
        self,
        user: str,
        *,
        profile: Profile = "rfc9068",
        alg: str = "RS256",
        scope: str = ALL_SCOPES,
        ttl: float = 300,
        issued: float | None = None,
        typ: str | None = None,
        header: dict[str, object] | None = None,
        without: tuple[str, ...] = (),
        **claims: object,
    ) -> str:
        """A token for ``user`` (its ``email`` is user@example.org unless user has a domain).

        ``typ`` overrides the header's (Dovecot 2.3 knows ``JWT`` only), ``claims`` add or replace, ``without`` removes.
        """
        now = int(time.time() if issued is None else issued)
        since = SETTLED if issued is None else 0
        values = self._claims(user, profile, scope) | {"iat": now - since, "exp": now + int(ttl)} | claims
        for name in without:
            values.pop(name, None)
        key = self.keys[alg]
        shape = {"alg": alg, "typ": typ or ("at+jwt" if profile == "rfc9068" else "JWT"), "kid": key.kid}
        return jwt.encode({**shape, **(header or {})}, values, key, algorithms=[alg])

    def _claims(self, user: str, profile: Profile, scope: str) -> dict[str, object]:
        email = user if "@" in user else f"{user}@example.org"
        name = user.partition("@")[0]
        shared: dict[str, object] = {
            "iss": self.issuer,
            "sub": f"subject-{name}",
            "aud": self.audience,
            "jti": str(uuid.uuid4()),
            "scope": scope,
            "email": email,
        }
        if profile == "rfc9068":
            return shared | {"client_id": self.client}
        return shared | {
            "typ": "Bearer",
            "azp": self.client,
            "sid": str(uuid.uuid4()),
            "acr": "1",
            "scope": f"openid email profile {scope}",
            "preferred_username": name,
            "email_verified": True,
            "realm_access": {"roles": ["offline_access", "uma_authorization"]},
            "aud": [self.audience, "account"],
        }

    def _publish_pem(self, key: Key) -> None:
        alg = str(key.as_dict(private=False)["alg"])
        for folder in ("default", self.client):
            path = self.dovecot_keys / folder / alg / str(key.kid)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(key.as_pem(private=False))
        for path in (self.dovecot_keys, *self.dovecot_keys.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
