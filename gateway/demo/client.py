"""The page as its issuer knows it: a public client (RFC 6749 section 2.1), and what its scripts may reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from gateway.identity.scope import Scope
from gateway.settings.model import Issuer

NEEDS: Final = (Scope.READ, Scope.MODIFY, Scope.DELETE, Scope.EVENTS)


@dataclass(frozen=True, slots=True)
class Client:
    """``scope``: what the page needs, by the issuer's names. ``token_endpoint``: where its scripts redeem codes."""

    issuer: str
    client_id: str
    scope: str
    token_endpoint: str

    @classmethod
    def at(cls, issuer: Issuer, client_id: str, token_endpoint: str) -> Client:
        scope = " ".join(dict.fromkeys(issuer.scopes.get(need.value, need.value) for need in NEEDS))
        return cls(issuer.issuer, client_id, scope, token_endpoint)

    @property
    def origins(self) -> tuple[str, ...]:
        """The issuer's, where its metadata is, and that of its token endpoint."""
        return tuple(dict.fromkeys(map(_origin, (self.issuer, self.token_endpoint))))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
