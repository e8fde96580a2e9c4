"""Who is calling: what a verified access token says."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from gateway.identity.scope import Scope, with_implied
from gateway.secret import Secret


class Principal(Struct, frozen=True):
    """The caller. Its ``repr`` shows the issuer and the scopes only.

    ``scopes`` are the gateway's names, with those they imply. ``expires_at`` is in seconds since the epoch: a stream
    or connection that this token opened ends then. ``audiences`` is the whole of ``aud`` (RFC 8707). ``key`` is the
    thumbprint of the key that the token is bound to (RFC 9449 section 6.1).
    """

    issuer: str
    subject: str
    scopes: frozenset[str]
    expires_at: float
    claims: Mapping[str, object]
    audiences: frozenset[str]
    token: Secret
    key: str | None = None

    def allows(self, scope: Scope) -> bool:
        """Whether the token grants ``scope``, or a scope that implies it."""
        return scope in self.scopes or scope in with_implied(self.scopes)

    def __repr__(self) -> str:
        return f"Principal({self.issuer!r}, {sorted(self.scopes)}, until {self.expires_at})"

    def __hash__(self) -> int:
        return hash((self.issuer, self.subject, self.token))
