"""Which challenge a refused request is answered with: what was wrong, and what the client should ask its issuer for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.types import Scope

from gateway.errors import Forbidden, GatewayError, InsufficientScope, Unauthenticated
from gateway.http.base import base_url, caller_of, needed_scope
from gateway.http.challenge import challenge, schemes_of
from gateway.http.services import services_of
from gateway.identity.principal import Principal
from gateway.identity.scope import with_implied
from gateway.settings.model import Issuer


def refusal_of(error: GatewayError, scope: Scope) -> str:
    """The WWW-Authenticate header of a 401 or 403 (RFC 6750 section 3)."""
    issuers = services_of(scope).settings.issuers
    caller, needs = caller_of(scope), needed_scope(scope)
    wanted = {needs} if needs else set()
    code, description = None, ""
    match error:
        case Unauthenticated():
            code, description = error.code, error.detail
        case InsufficientScope():
            wanted.add(error.scope)
            code, description = "insufficient_scope", error.detail
        case Forbidden():
            wanted.clear()  # another token would not help
        case _ if error.answer().status == 401:
            code = "invalid_token"
    used = error.scheme if isinstance(error, Unauthenticated) else "DPoP" if caller and caller.key else "Bearer"
    names = " ".join(_issuers_names(issuers, caller, _least(wanted)))
    return challenge(base_url(scope), code, description, names or None, schemes_of(issuers, used))


def _least(names: Iterable[str]) -> list[str]:
    """All that is needed, without what is implied by the rest."""
    wanted = sorted(set(names))
    return [name for name in wanted if not any(name in with_implied([other]) - {other} for other in wanted)]


def _issuers_names(issuers: Sequence[Issuer], caller: Principal | None, names: Iterable[str]) -> list[str]:
    """As the caller's issuer calls them, or every issuer there is; else as they are called here."""
    asked = [issuer for issuer in issuers if caller is None or issuer.issuer == caller.issuer]
    found = []
    for name in names:
        called = {issuer.scopes.get(name, name) for issuer in asked}
        found.append(called.pop() if len(called) == 1 else name)
    return found
