"""Checking a signature by joserfc, with an explicit list of algorithms."""

from __future__ import annotations

from collections.abc import Collection

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel

from gateway.identity.credentials import TOKEN_MAX
from gateway.identity.keyset import VerificationKey
from gateway.identity.token import HEADER_MAX, SIGNATURE_MAX, SignedToken


class Algorithms(jws.JWSRegistry):
    """joserfc's registry with an explicit list: no default, no ``none``, no symmetric algorithm can be in it."""

    max_header_length = HEADER_MAX
    max_payload_length = TOKEN_MAX
    max_signature_length = SIGNATURE_MAX

    def __init__(self, allowed: Collection[str]) -> None:
        super().__init__(algorithms=frozenset(allowed), strict_check_header=False)

    def get_alg(self, name: str) -> JWSAlgModel:
        if not self.allowed or name not in self.allowed or name not in self.algorithms:
            raise UnsupportedAlgorithmError()
        return self.algorithms[name]

    def verify(self, signed: SignedToken, key: VerificationKey) -> bool:
        """Whether ``key`` made the signature. That the key is for the token's algorithm is for the caller to know."""
        try:
            signature = jws.extract_compact(signed.compact, registry=self)
            return jws.validate_compact(signature, key, registry=self)
        except (JoseError, ValueError, TypeError):
            return False
