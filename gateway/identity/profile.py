"""What kinds of access tokens issuers really send, and how each is told from the other tokens they sign.

An ID token, a refresh token or a logout token is signed by the same keys; accepting one as an access token would let
any party that holds one read mail (RFC 9068 section 5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from msgspec import Struct

from gateway.identity import auth0, entra
from gateway.identity.claims import scope_names, text
from gateway.identity.refusal import TokenRefused

Claims = Mapping[str, object]

# Hashes that OpenID Connect Core 1.0 sections 3.1.3.6 and 3.3.2.11 put into ID tokens, and nobody into access tokens.
_ID_TOKEN_CLAIMS = frozenset({"at_hash", "c_hash", "s_hash"})


class Profile(Struct, frozen=True):
    """``types`` are the header's ``typ``; ``required`` are claims that must be non-empty strings.

    ``also`` checks what only this issuer's tokens have; ``scopes`` tells what they grant.
    """

    types: frozenset[str]
    required: tuple[str, ...]
    also: Callable[[Claims], None] = lambda claims: None
    scopes: Callable[[Claims], frozenset[str]] = lambda claims: scope_names(claims, "scope", "scp")

    def check(self, typ: str | None, claims: Claims) -> None:
        """Raises TokenRefused where the token is no access token of this profile."""
        if typ not in self.types:
            raise TokenRefused("the token's type is not that of an access token")
        if not _ID_TOKEN_CLAIMS.isdisjoint(claims):
            raise TokenRefused("the token is an ID token")
        if "iat" not in claims:
            raise TokenRefused("the token has no iat")
        self.also(claims)
        for name in self.required:
            text(claims, name)


def _keycloak(claims: Claims) -> None:
    """Keycloak tells its tokens apart by the payload's typ: Bearer, DPoP, ID, Refresh, Offline, Logout."""
    marked = claims.get("typ")
    if marked != "Bearer" and not (marked == "DPoP" and "cnf" in claims):
        raise TokenRefused("the token is not an access token")


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        # RFC 9068 sections 2.1 and 2.2
        "rfc9068": Profile(frozenset({"at+jwt"}), ("client_id", "jti")),
        "keycloak": Profile(frozenset({"jwt", "at+jwt"}), ("azp",), _keycloak),
        "entra": Profile(frozenset({"jwt"}), ("tid",), entra.check, entra.scopes),
        "auth0": Profile(frozenset({"jwt", "at+jwt"}), (), auth0.check, auth0.scopes),
    }
)
