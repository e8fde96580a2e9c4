"""What kinds of access tokens issuers really send, and how each is told from the other tokens they sign.

An ID token, a refresh token or a logout token is signed by the same keys; accepting one as an access token would let
any party that holds one read mail (RFC 9068 section 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gateway.identity.claims import text
from gateway.identity.refusal import TokenRefused

# Hashes that OpenID Connect Core 1.0 sections 3.1.3.6 and 3.3.2.11 put into ID tokens, and nobody into access tokens.
_ID_TOKEN_CLAIMS = frozenset({"at_hash", "c_hash", "s_hash"})


@dataclass(frozen=True, slots=True)
class Profile:
    """``types`` are the header's ``typ``; ``required`` are claims that must be non-empty strings.

    ``payload_type`` is what the payload's own ``typ`` must be, where the issuer marks its tokens there.
    """

    name: str
    types: frozenset[str]
    required: tuple[str, ...]
    needs_iat: bool
    payload_type: str | None = None

    def check(self, typ: str | None, claims: Mapping[str, object]) -> None:
        """Raises TokenRefused where the token is no access token of this profile."""
        if typ not in self.types:
            raise TokenRefused("the token's type is not that of an access token")
        if not _ID_TOKEN_CLAIMS.isdisjoint(claims):
            raise TokenRefused("the token is an ID token")
        if self.payload_type is not None and claims.get("typ") != self.payload_type:
            raise TokenRefused("the token is not an access token")
        if "cnf" in claims:
            raise TokenRefused("the token is bound to a key of its sender, which is not supported")
        if self.needs_iat and "iat" not in claims:
            raise TokenRefused("the token has no iat")
        for name in self.required:
            text(claims, name)


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        # RFC 9068 sections 2.1 and 2.2
        "rfc9068": Profile("rfc9068", frozenset({"at+jwt"}), ("client_id", "jti"), needs_iat=True),
        # Keycloak tells its tokens apart by the payload's typ: Bearer, ID, Refresh, Offline, Logout, DPoP.
        "keycloak": Profile("keycloak", frozenset({"jwt", "at+jwt"}), ("azp",), needs_iat=True, payload_type="Bearer"),
    }
)
