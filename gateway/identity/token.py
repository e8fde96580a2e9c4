"""A signed JWT taken apart, before anything in it is believed (RFC 7515 section 7.1).

Three base64url segments, canonical; header and payload are JSON objects without duplicate members.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from sys import intern
from typing import NoReturn

from msgspec import Struct

from gateway.identity.refusal import TokenRefused

HEADER_MAX = 4096  # octets of the encoded header; issuers send some 100 to 300
SIGNATURE_MAX = 1400  # octets, encoded: RSA with 8192 bits

_COMPACT = re.compile(r"([A-Za-z0-9_-]++)\.([A-Za-z0-9_-]++)\.([A-Za-z0-9_-]++)")
_KID = re.compile(r"[A-Za-z0-9_\-.:=+/@|]{1,256}")
# A key that comes with the token proves nothing; ``crit`` and ``b64`` change what is signed; ``enc``, ``zip``: JWE.
_FORBIDDEN = frozenset({"jku", "jwk", "x5u", "x5c", "crit", "b64", "enc", "zip"})


class SignedToken(Struct, frozen=True):
    """An unverified token. ``typ`` is in lower case, without ``application/``; ``key`` is the header's ``jwk``."""

    alg: str
    kid: str | None
    typ: str | None
    claims: Mapping[str, object]
    compact: bytes
    key: object = None


def take_apart(token: str, *, brings_key: bool = False) -> SignedToken:
    """Raises TokenRefused for whatever is no plain signed JWT with acceptable headers.

    ``brings_key``: whether it is a proof, whose header has the key that it is checked with (RFC 9449 section 4.2).
    """
    segments = _COMPACT.fullmatch(token)
    if segments is None:
        raise TokenRefused("not a signed JWT")
    if len(segments[1]) > HEADER_MAX or len(segments[3]) > SIGNATURE_MAX:
        raise TokenRefused("a segment of the token is too long")
    header = json_object(_decode(segments[1]))
    claims = json_object(_decode(segments[2]))
    _decode(segments[3])
    if not (_FORBIDDEN - {"jwk"} if brings_key else _FORBIDDEN).isdisjoint(header):
        raise TokenRefused("the token's header has a parameter that is not accepted")
    return SignedToken(
        alg=_alg(header.get("alg")),
        kid=_kid(header.get("kid"), present="kid" in header),
        typ=_typ(header.get("typ"), present="typ" in header),
        claims=claims,
        compact=token.encode("ascii"),
        key=header.get("jwk"),
    )


def is_jwt(token: str) -> bool:
    """Whether it is a JWT of any kind, even a broken one: what stands before its first dot is a JSON object.

    Such a token says whose it is, and is never shown to anybody as an opaque one.
    """
    head, dot, _ = token.partition(".")
    if not dot:
        return False
    try:
        return urlsafe_b64decode(head + "=" * (-len(head) % 4)).lstrip().startswith(b"{")
    except (Base64Error, ValueError):
        return False


def json_object(octets: bytes) -> dict[str, object]:
    """A JSON object, strictly: UTF-8, no duplicate member at any depth, no NaN, no lone surrogate."""
    try:
        value = json.loads(octets.decode("utf-8"), object_pairs_hook=_members, parse_constant=_no_constant)
        if b"\\ud" in octets or b"\\uD" in octets:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise TokenRefused("the token is not well-formed JSON") from error
    if not isinstance(value, dict):
        raise TokenRefused("the token is not a JSON object")
    return value


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = {intern(name): value for name, value in pairs}  # the same in every token
    if len(members) != len(pairs):
        raise ValueError("duplicate member")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _decode(segment: str) -> bytes:
    """base64url without padding. Another spelling of the same octets is refused, so a token has one form only."""
    try:
        octets = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except (Base64Error, ValueError) as error:
        raise TokenRefused("the token is not base64url") from error
    if urlsafe_b64encode(octets).rstrip(b"=") != segment.encode("ascii"):
        raise TokenRefused("the token is not canonical base64url")
    return octets


def _alg(value: object) -> str:
    if not isinstance(value, str):
        raise TokenRefused("the token names no algorithm")
    return value


def _kid(value: object, *, present: bool) -> str | None:
    if not present:
        return None
    if not isinstance(value, str) or not _KID.fullmatch(value) or ".." in value:
        raise TokenRefused("the token's key id is not acceptable")
    return value


def _typ(value: object, *, present: bool) -> str | None:
    if not present:
        return None
    if not isinstance(value, str):
        raise TokenRefused("the token's type is not acceptable")
    return value.lower().removeprefix("application/")
