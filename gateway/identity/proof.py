"""Proofs that a token's sender holds the key that it is bound to (RFC 9449 section 4.3)."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import NoReturn

from gateway.errors import Unauthenticated
from gateway.identity.claims import time_of
from gateway.identity.credentials import Presented
from gateway.identity.keyset import public_key
from gateway.identity.nonce import Nonces
from gateway.identity.refusal import TokenRefused
from gateway.identity.replay import UsedProofs
from gateway.identity.signature import Algorithms
from gateway.identity.target_uri import normal
from gateway.identity.token import SignedToken, take_apart
from gateway.secret import Reticent

ALGORITHMS = ("ES256", "ES384", "RS256", "PS256", "Ed25519", "EdDSA")
"""Of proofs, in the order in which clients are told; none is symmetric."""

PROOF_MAX = 8 * 1024  # octets
ID_MAX = 512
AGE_MAX = 60.0  # seconds between a proof's making and its use
LEEWAY = 60.0  # seconds that the client's clock may be wrong


class Bound(Reticent, frozen=True):
    """A verified token, and the thumbprint of the key that it is bound to."""

    token: str
    key: str


class Proofs:
    """Checks proofs, each for one use. ``nonces``: where they are asked for."""

    def __init__(self, clock: Callable[[], float], nonces: Nonces | None) -> None:
        self._clock = clock
        self._nonces = nonces
        self._algorithms = Algorithms(ALGORITHMS)
        self._used = UsedProofs(AGE_MAX + 2 * LEEWAY)

    @property
    def nonce(self) -> str | None:
        """What a client's next proof should hold, where that is asked for."""
        return self._nonces.present() if self._nonces else None

    def check(self, bound: Bound, presented: Presented) -> None:
        """Raises Unauthenticated where the request has no fresh proof, made for it, by the token's key."""
        if len(presented.proofs) != 1:
            _refuse("the request needs one DPoP proof" if not presented.proofs else "several DPoP proofs")
        try:
            signed = _take_apart(presented.proofs[0])
            thumbprint = self._signer(signed)
            self._check_request(signed.claims, bound, presented)
            proof_id, issued = _proof_id(signed.claims), self._issued(signed.claims)
        except TokenRefused as refused:
            _refuse(refused.reason.replace("the token", "the proof"), refused)
        if not hmac.compare_digest(thumbprint, bound.key):
            raise Unauthenticated("the token is bound to another key", code="invalid_token", scheme="DPoP")
        if self._nonces is not None and not self._nonces.accepts(signed.claims.get("nonce")):
            nonce = self._nonces.present()
            raise Unauthenticated("the proof needs a fresh nonce", code="use_dpop_nonce", scheme="DPoP", nonce=nonce)
        if not self._used.take(thumbprint, proof_id, issued, self._clock()):
            _refuse("the proof was used before")

    def _signer(self, signed: SignedToken) -> str:
        """The thumbprint (RFC 7638) of the key that the proof brings and is signed with."""
        if signed.typ != "dpop+jwt":
            raise TokenRefused("the token is no DPoP proof")
        if signed.alg not in ALGORITHMS:
            raise TokenRefused("the token's algorithm is not accepted")
        if not isinstance(signed.key, dict):
            raise TokenRefused("the token has no key")
        try:
            key, algorithms = public_key(signed.key)
        except ValueError as error:
            raise TokenRefused("the token's key is not acceptable") from error
        if signed.alg not in algorithms or not self._algorithms.verify(signed, key):
            raise TokenRefused("the token's signature does not verify with its key")
        return key.thumbprint()

    def _check_request(self, claims: Mapping[str, object], bound: Bound, presented: Presented) -> None:
        """Checks 8, 9 and 12: that it was made for this request and this token."""
        if claims.get("htm") != presented.method:
            raise TokenRefused("the token is for another method")
        target = claims.get("htu")
        called = normal(presented.url)
        if called is None or not isinstance(target, str) or normal(target) != called:
            raise TokenRefused("the token is for another URL")
        digest = urlsafe_b64encode(sha256(bound.token.encode("ascii")).digest()).rstrip(b"=").decode("ascii")
        if claims.get("ath") != digest:
            raise TokenRefused("the token is not for this access token")

    def _issued(self, claims: Mapping[str, object]) -> float:
        """When it was made (check 11)."""
        issued, now = time_of(claims, "iat"), self._clock()
        if issued is None:
            raise TokenRefused("the token has no iat")
        if not now - AGE_MAX - LEEWAY <= issued <= now + LEEWAY:
            raise TokenRefused("the token is too old, or from the future")
        expires, begins = time_of(claims, "exp"), time_of(claims, "nbf")
        if (expires is not None and now >= expires + LEEWAY) or (begins is not None and begins > now + LEEWAY):
            raise TokenRefused("the token is too old, or from the future")
        return issued


def _take_apart(proof: str) -> SignedToken:
    if len(proof) > PROOF_MAX or not proof.isascii():
        raise TokenRefused("the token is too long, or no JWT")
    return take_apart(proof, brings_key=True)


def _proof_id(claims: Mapping[str, object]) -> str:
    value = claims.get("jti")
    if not isinstance(value, str) or not 0 < len(value) <= ID_MAX:
        raise TokenRefused("the token's jti is missing or not acceptable")
    return value


def _refuse(reason: str, cause: Exception | None = None) -> NoReturn:
    raise Unauthenticated(reason, code="invalid_dpop_proof", scheme="DPoP") from cause
