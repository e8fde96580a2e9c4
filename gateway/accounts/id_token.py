"""The ID token that comes with an account's first tokens: who signed in at the provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from gateway.accounts.link_provider import LinkProvider
from gateway.accounts.provider_web import ProviderWeb
from gateway.errors import Unprocessable

LEEWAY: Final = 60.0  # seconds of clock skew
_ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


@dataclass(frozen=True, slots=True)
class Identity:
    """``address`` is None where the provider names none, or does not vouch for it."""

    address: str | None = field(repr=False)
    subject: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, claims: Mapping[str, object]) -> Identity:
        """``email``, unless it is said not to be verified; else ``preferred_username`` where it is an address."""
        address = claims.get("email")
        if claims.get("email_verified", True) not in (True, "true"):
            address = None
        if address is None and "@" in str(claims.get("preferred_username", "")):
            address = claims.get("preferred_username")
        subject = claims.get("sub")
        return cls(address if isinstance(address, str) else None, subject if isinstance(subject, str) else None)


async def verified(token: str, provider: LinkProvider, web: ProviderWeb, nonce: str, now: float) -> Identity:
    """OpenID Connect Core 1.0 section 3.1.3.7. Raises Unprocessable, and what fetching the keys raises."""
    try:
        claims = _claims(token, await web.keys(provider))
    except JoseError:
        claims = await _with_newer_keys(token, provider, web)
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    ends = claims.get("exp")
    good = (
        provider.accepts_issuer(claims.get("iss"), claims)
        and provider.client_id in audiences
        and claims.get("azp", provider.client_id) == provider.client_id
        and isinstance(ends, int | float)
        and ends + LEEWAY > now
        and claims.get("nonce") == nonce
    )
    if not good:
        raise Unprocessable("the provider's ID token is not for this sign-in", field="code")
    return Identity.of(claims)


async def _with_newer_keys(token: str, provider: LinkProvider, web: ProviderWeb) -> Mapping[str, object]:
    try:
        return _claims(token, await web.keys(provider, again=True))
    except JoseError as error:
        raise Unprocessable("the provider's ID token can't be verified", field="code") from error


def _claims(token: str, document: Mapping[str, object]) -> Mapping[str, object]:
    """Raises JoseError."""
    try:
        keys = KeySet.import_key_set(cast("Any", document))
        return jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
    except (ValueError, KeyError, TypeError) as error:
        raise JoseError(str(type(error).__name__)) from error
