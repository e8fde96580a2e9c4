"""An issuer's signing keys, read from a JWK set (RFC 7517 section 5).

Keys that can't verify what the gateway accepts are left out: other uses, symmetric, weak or malformed ones. One bad
key never costs the others.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from msgspec import Struct

KEYS_MAX = 100
RSA_BITS_MIN = 2048
RSA_BITS_MAX = 8192
EXPONENT_MAX = 8  # base64url characters; 65537 takes four
_NUMBER = re.compile(r"[A-Za-z0-9_-]{1,2048}")  # base64url of at most 12,288 bits

VerificationKey = RSAKey | ECKey | OKPKey

_EC_ALGORITHMS = MappingProxyType({"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"})
_RSA_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})  # RFC 7518 sections 6.2.2, 6.3.2 and 6.4
_ED25519_ALGORITHMS = frozenset({"Ed25519", "EdDSA"})  # RFC 9864: the same signature by its old name


class KeySetUnreadable(Exception):
    """The document is no JWK set."""


class SigningKey(Struct, frozen=True):
    """A key with the algorithms it may be used with."""

    kid: str | None
    algorithms: frozenset[str]
    key: VerificationKey


class KeySet(Struct, frozen=True):
    """``version`` is a digest of all that counts: equal versions verify the same tokens. ``skipped``: unfit keys."""

    keys: tuple[SigningKey, ...]
    version: str
    skipped: int = 0

    @property
    def algorithms(self) -> frozenset[str]:
        """All that some key of the set can verify."""
        return frozenset[str]().union(*(each.algorithms for each in self.keys))

    def fitting(self, kid: str | None, alg: str) -> tuple[SigningKey, ...]:
        """The keys that a token's header may mean.

        A token without ``kid`` is checked only where a single key fits its algorithm: nothing is tried out.
        """
        fitting = tuple(each for each in self.keys if alg in each.algorithms)
        if kid is None:
            return fitting if len(fitting) == 1 else ()
        return tuple(each for each in fitting if each.kid == kid)


def read_key_set(document: bytes) -> KeySet:
    """Raises KeySetUnreadable where the document as a whole is no JWK set."""
    try:
        value = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise KeySetUnreadable("not JSON") from error
    members = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(members, list) or len(members) > KEYS_MAX:
        raise KeySetUnreadable("not a JWK set")
    keys = [key for key in (_signing_key(member) for member in members) if key is not None]
    digest = sha256()
    for key in keys:
        digest.update(repr((key.kid, sorted(key.algorithms), key.key.thumbprint())).encode())
    return KeySet(tuple(keys), digest.hexdigest(), skipped=len(members) - len(keys))


def public_key(member: Mapping[str, object]) -> tuple[VerificationKey, frozenset[str]]:
    """The key of a public JWK, with the algorithms that it may be used with: its kind's, or its own ``alg``.

    Raises ValueError for what is malformed, private, weak, or no key for verifying.
    """
    if not _PRIVATE.isdisjoint(member) or not _for_verifying(member):
        raise ValueError("not a public key for verifying")
    alg = member.get("alg")
    if not (alg is None or isinstance(alg, str)):
        raise ValueError("not the name of an algorithm")
    try:
        key, algorithms = _import(member)
    except (JoseError, TypeError, KeyError) as error:
        raise ValueError("not a key that is accepted") from error
    return key, _named(alg, algorithms)


def _signing_key(member: object) -> SigningKey | None:
    if not isinstance(member, dict) or not _for_verifying(member):
        return None
    kid, alg = member.get("kid"), member.get("alg")
    if not (kid is None or isinstance(kid, str)) or not (alg is None or isinstance(alg, str)):
        return None
    try:
        key, algorithms = _import(member)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    allowed = _named(alg, algorithms)
    return SigningKey(kid, allowed, key) if allowed else None


def _for_verifying(member: Mapping[str, object]) -> bool:
    operations = member.get("key_ops", ["verify"])
    return member.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def _named(alg: str | None, algorithms: frozenset[str]) -> frozenset[str]:
    """What the key's own ``alg`` leaves of what its kind can do."""
    if alg is None or (alg in _ED25519_ALGORITHMS and algorithms == _ED25519_ALGORITHMS):
        return algorithms
    return algorithms & {alg}


def _import(member: Mapping[str, object]) -> tuple[VerificationKey, frozenset[str]]:
    """Only the public members are handed on, so a private key in the set is never even parsed."""
    kind, curve = member["kty"], member.get("crv")
    if kind == "RSA":
        modulus, exponent = _number(member["n"]), _number(member["e"])
        rsa = _rsa(modulus, exponent)
        return rsa, _RSA_ALGORITHMS
    if kind == "EC" and isinstance(curve, str) and curve in _EC_ALGORITHMS:
        ec = ECKey.import_key({"kty": "EC", "crv": curve, "x": _number(member["x"]), "y": _number(member["y"])})
        return ec, frozenset({_EC_ALGORITHMS[curve]})
    if kind == "OKP" and curve == "Ed25519":
        return OKPKey.import_key({"kty": "OKP", "crv": curve, "x": _number(member["x"])}), _ED25519_ALGORITHMS
    raise ValueError("a kind of key that is not used")


def _rsa(modulus: str, exponent: str) -> RSAKey:
    """The size is checked before the key is made: a huge one costs time, a small one can be broken."""
    bits = int.from_bytes(urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4)), "big").bit_length()
    if not RSA_BITS_MIN <= bits <= RSA_BITS_MAX or len(exponent) > EXPONENT_MAX:
        raise ValueError("an RSA key of a size that is not accepted")
    return RSAKey.import_key({"kty": "RSA", "n": modulus, "e": exponent})


def _number(value: object) -> str:
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise ValueError("not base64url")
    return value
