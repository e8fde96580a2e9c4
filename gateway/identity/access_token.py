"""What an access token says, however it came to be known: signed by its issuer, or told by it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from gateway.identity.claims import Times, audiences, key_of_sender, scope_names, text, times
from gateway.identity.profile import PROFILES
from gateway.identity.refusal import TokenRefused
from gateway.identity.scope import Scope, granted
from gateway.settings.model import Issuer


class AccessToken(Struct, frozen=True):
    """Every claim checked for type and bounds. ``key`` is the thumbprint of the key that it is bound to."""

    subject: str
    audiences: frozenset[str]
    scopes: frozenset[Scope]
    times: Times
    key: str | None
    claims: Mapping[str, object]


def access_token(issuer: Issuer, claims: Mapping[str, object]) -> AccessToken:
    """Raises TokenRefused for a token that is not for this gateway, or lacks what every token must have."""
    named = audiences(claims)
    if issuer.audience not in named:
        raise TokenRefused("the token is for another audience")
    key = key_of_sender(claims)
    if key is not None and issuer.dpop == "off":
        raise TokenRefused("the token is bound to a key of its sender, which is not supported")
    told = scope_names(claims, *issuer.scope_claims) if issuer.scope_claims else PROFILES[issuer.profile].scopes(claims)
    return AccessToken(
        subject=text(claims, "sub"),
        audiences=named,
        scopes=granted(told, issuer.scopes),
        times=times(claims),
        key=key,
        claims=claims,
    )
