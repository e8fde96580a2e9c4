"""Access tokens of Microsoft Entra ID, versions 1.0 and 2.0.

Its ID tokens have the same ``typ``, the same keys, and the same ``aud`` where one registration is both the client and
the API. What they never have is the client's id: ``appid`` (1.0) or ``azp`` (2.0). All tenants share signing keys, so
that nothing but ``iss`` and ``tid`` tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.identity.claims import scope_names, text
from gateway.identity.refusal import TokenRefused

_CLIENT: Mapping[str, str] = MappingProxyType({"1.0": "appid", "2.0": "azp"})


def check(claims: Mapping[str, object]) -> None:
    """Raises TokenRefused for an ID token, for an unknown version, and for a tenant that is not the issuer's."""
    client = _CLIENT.get(text(claims, "ver"))
    if client is None:
        raise TokenRefused("the token's ver is not known")
    if client not in claims or "nonce" in claims:
        raise TokenRefused("the token is an ID token")
    text(claims, client)
    if text(claims, "tid") not in text(claims, "iss").split("/"):
        raise TokenRefused("the token's tid is not the tenant of its issuer")


def scopes(claims: Mapping[str, object]) -> frozenset[str]:
    """What a user let the client do (``scp``), or, where no user is there, what the application may do (``roles``).

    ``roles`` of a user's token are what that user is to the application, and no consent to anything.
    """
    return scope_names(claims, "scp" if "scp" in claims else "roles")
