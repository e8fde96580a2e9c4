"""Claims, each read with its type and bounds (RFC 7519 section 4.1): none is taken on trust."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from msgspec import Struct

from gateway.identity.refusal import TokenRefused

TIME_MAX = 2**33  # the year 2242: what is larger is milliseconds or mischief
TEXT_MAX = 1024
AUDIENCES_MAX = 64
SCOPES_MAX = 256

_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 in base64url


class Times(Struct, frozen=True):
    """Seconds since the epoch."""

    expires: float
    not_before: float | None
    issued: float | None

    def check(self, now: float, leeway: float) -> None:
        """Raises TokenRefused outside the token's time, give or take ``leeway`` seconds."""
        if now >= self.expires + leeway:
            raise TokenRefused("the token has expired")
        if self.not_before is not None and self.not_before > now + leeway:
            raise TokenRefused("the token is not valid yet")
        if self.issued is not None and self.issued > now + leeway:
            raise TokenRefused("the token was issued in the future")


def times(claims: Mapping[str, object]) -> Times:
    """``exp`` is required; ``nbf`` and ``iat`` are checked where present."""
    expires = time_of(claims, "exp")
    if expires is None:
        raise TokenRefused("the token has no exp")
    return Times(expires, time_of(claims, "nbf"), time_of(claims, "iat"))


def text(claims: Mapping[str, object], name: str) -> str:
    """A required claim: a non-empty string without control characters."""
    value = claims.get(name)
    if not isinstance(value, str) or not value or len(value) > TEXT_MAX or not value.isprintable():
        raise TokenRefused(f"the token's {name} is missing or not acceptable")
    return value


def audiences(claims: Mapping[str, object]) -> frozenset[str]:
    """``aud``: a string or a list of strings, not empty (RFC 7519 section 4.1.3)."""
    value = claims.get("aud")
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not 0 < len(names) <= AUDIENCES_MAX:
        raise TokenRefused("the token's aud is missing or not acceptable")
    return frozenset(_strings(names, "aud"))


def scope_names(claims: Mapping[str, object], *members: str) -> frozenset[str]:
    """What the claims named ``members`` grant, as the issuer calls it; none where all are absent.

    Each is a list, or a string with blanks between the names (RFC 8693 section 4.2).
    """
    found: set[str] = set()
    for name in members:
        value = claims.get(name)
        if value is None:
            continue
        names = value.split(" ") if isinstance(value, str) else value
        if not isinstance(names, list) or len(names) > SCOPES_MAX:
            raise TokenRefused(f"the token's {name} is not acceptable")
        found.update(_strings([each for each in names if each != ""], name))
    return frozenset(found)


def key_of_sender(claims: Mapping[str, object]) -> str | None:
    """The thumbprint of the key that the token is bound to (RFC 9449 section 6.1), None where it is not bound.

    A token that is bound to anything else, such as a TLS certificate (RFC 8705), is refused: it can't be checked.
    """
    if "cnf" not in claims:
        return None
    confirmation = claims["cnf"]
    thumbprint = confirmation.get("jkt") if isinstance(confirmation, dict) and len(confirmation) == 1 else None
    if not isinstance(thumbprint, str) or not _THUMBPRINT.fullmatch(thumbprint):
        raise TokenRefused("the token is bound to its sender in a way that is not supported")
    return thumbprint


def _strings(values: list[object], name: str) -> list[str]:
    strings = [value for value in values if isinstance(value, str) and 0 < len(value) <= TEXT_MAX]
    if len(strings) != len(values):
        raise TokenRefused(f"the token's {name} is not acceptable")
    return strings


def time_of(claims: Mapping[str, object], name: str) -> float | None:
    """A claim in seconds since the epoch, None where it is absent."""
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefused(f"the token's {name} is not a number")
    if (isinstance(value, float) and not math.isfinite(value)) or not 0 <= value < TIME_MAX:
        raise TokenRefused(f"the token's {name} is out of bounds")
    return float(value)
