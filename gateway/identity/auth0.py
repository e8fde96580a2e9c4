"""Access tokens of Auth0, in its own dialect and in that of RFC 9068, each with or without ``permissions``."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.identity.claims import scope_names, text
from gateway.identity.refusal import TokenRefused


def check(claims: Mapping[str, object]) -> None:
    """Raises TokenRefused for an ID token: it has a ``nonce``, or no client (``azp``, by RFC 9068 ``client_id``)."""
    client = "azp" if "azp" in claims else "client_id"
    if client not in claims or "nonce" in claims:
        raise TokenRefused("the token is an ID token")
    text(claims, client)


def scopes(claims: Mapping[str, object]) -> frozenset[str]:
    """What was asked for (``scope``), as far as the user may do it where that is told (``permissions``)."""
    asked = scope_names(claims, "scope")
    return asked & scope_names(claims, "permissions") if "permissions" in claims else asked
