"""The WWW-Authenticate header of a resource (RFC 6750 section 3, RFC 9449 section 7.1, RFC 9728 section 5.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gateway.errors import TokenScheme
from gateway.identity.proof import ALGORITHMS
from gateway.settings.model import Issuer

METADATA_PATH: Final = "/.well-known/oauth-protected-resource"

# error-description: %x20-21 / %x23-5B / %x5D-7E, so neither quotes nor backslashes (RFC 6750 section 3)
_UNSAFE: Final = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")


def challenge(
    base: str,
    error: str | None,
    description: str,
    scope: str | None,
    schemes: Sequence[TokenScheme] = ("Bearer",),
) -> str:
    """``base`` is the URL clients reach the API by; ``error`` is None where no token was sent.

    Each of ``schemes`` makes a challenge; the error belongs to the first.
    """
    challenges = []
    for number, scheme in enumerate(schemes):
        parts: list[tuple[str, str]] = []
        if error and number == 0:
            parts.append(("error", error))
            if description:
                parts.append(("error_description", _UNSAFE.sub("'", description)))
        if scheme == "DPoP":
            parts.append(("algs", " ".join(ALGORITHMS)))
        if scope:
            parts.append(("scope", scope))
        parts.append(("resource_metadata", base + METADATA_PATH))
        challenges.append(f"{scheme} " + ", ".join(f'{name}="{_UNSAFE.sub("", value)}"' for name, value in parts))
    return ", ".join(challenges)


def schemes_of(issuers: Sequence[Issuer], used: TokenScheme) -> tuple[TokenScheme, ...]:
    """What tokens may be sent with, the scheme that the client used first."""
    known: list[TokenScheme] = []
    if any(issuer.dpop != "required" for issuer in issuers):
        known.append("Bearer")
    if any(issuer.dpop != "off" for issuer in issuers):
        known.append("DPoP")
    return tuple(sorted(known, key=lambda scheme: scheme != used))
