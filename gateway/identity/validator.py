"""Authlib's token-validator contract for one issuer's JWT access tokens, with the verification done by joserfc.

``authenticate_token`` says what a token is, ``validate_token`` whether it is good now; neither waits for anything.
docs/decisions/0003-token-verification.md says why Authlib's own JWT validator is not used.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from authlib.oauth2.rfc6749 import TokenValidator
from authlib.oauth2.rfc6750 import InsufficientScopeError, InvalidTokenError

from gateway.identity.access_token import AccessToken, access_token
from gateway.identity.keyset import SigningKey
from gateway.identity.profile import PROFILES
from gateway.identity.refusal import TokenRefused
from gateway.identity.scope import Scope
from gateway.identity.signature import Algorithms
from gateway.identity.token import SignedToken, take_apart
from gateway.settings.model import Issuer

KeysAtHand = Callable[[str | None, str], tuple[SigningKey, ...]]


class AccessTokenValidator(TokenValidator):  # type: ignore[misc]  # Authlib has no types
    """Raises Authlib's RFC 6750 errors; their descriptions are fixed text, nothing of the token."""

    def __init__(self, issuer: Issuer, keys: KeysAtHand, clock: Callable[[], float]) -> None:
        super().__init__()
        self._issuer = issuer
        self._profile = PROFILES[issuer.profile]
        self._algorithms = Algorithms(issuer.algorithms)
        self._keys = keys
        self._clock = clock

    def authenticate_token(self, token_string: str) -> AccessToken:
        """The token's content, after its signature. Raises InvalidTokenError."""
        try:
            signed = take_apart(token_string)
            self._check_signature(signed)
            return self._access_token(signed)
        except TokenRefused as refused:
            raise InvalidTokenError(refused.reason) from refused

    def validate_token(self, token: AccessToken, scopes: Collection[Scope] | None, request: object) -> None:
        """Whether the token holds at this time. Raises InvalidTokenError, or InsufficientScopeError."""
        try:
            token.times.check(self._clock(), self._issuer.leeway_seconds)
        except TokenRefused as refused:
            raise InvalidTokenError(refused.reason) from refused
        if scopes is not None and not token.scopes.issuperset(scopes):
            raise InsufficientScopeError()

    def _check_signature(self, signed: SignedToken) -> None:
        if signed.alg not in self._issuer.algorithms:
            raise TokenRefused("the token's algorithm is not accepted")
        if not any(self._algorithms.verify(signed, each.key) for each in self._keys(signed.kid, signed.alg)):
            raise TokenRefused("the token's signature does not verify with the issuer's keys")

    def _access_token(self, signed: SignedToken) -> AccessToken:
        claims = signed.claims
        if claims.get("iss") != self._issuer.issuer:
            raise TokenRefused("the token is from another issuer")
        self._profile.check(signed.typ, claims)
        return access_token(self._issuer, claims)
