"""What the gateway says of itself to OAuth clients: protected resource metadata (RFC 9728 section 2)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType

from gateway.identity.proof import ALGORITHMS
from gateway.identity.scope import Scope
from gateway.settings.model import Issuer


class ProtectedResource(Struct, kw_only=True, frozen=True):
    """Served at ``/.well-known/oauth-protected-resource``. ``resource`` is the URL that clients know the gateway by."""

    resource: str
    authorization_servers: list[str]
    scopes_supported: list[str]
    bearer_methods_supported: list[str]
    dpop_signing_alg_values_supported: list[str] | UnsetType = UNSET
    dpop_bound_access_tokens_required: bool | UnsetType = UNSET
    resource_name: str = "IMAP gateway"


def protected_resource(resource: str, issuers: Sequence[Issuer]) -> ProtectedResource:
    """``scopes_supported`` are the names that a client asks its issuer for: renamed ones as that issuer calls them."""
    names = {issuer.scopes.get(scope.value, scope.value): None for scope in Scope for issuer in issuers}
    return ProtectedResource(
        resource=resource,
        authorization_servers=[issuer.issuer for issuer in issuers],
        scopes_supported=list(names),
        bearer_methods_supported=["header"],
        dpop_signing_alg_values_supported=list(ALGORITHMS) if any(each.dpop != "off" for each in issuers) else UNSET,
        dpop_bound_access_tokens_required=True if all(each.dpop == "required" for each in issuers) else UNSET,
    )
