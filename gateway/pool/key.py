"""Who a connection belongs to: for the mail server's limits, and for being lent again."""

from __future__ import annotations

from hashlib import sha256

from msgspec import Struct

from gateway.imap.credential import ProxyPassword
from gateway.imap.endpoint import Endpoint
from gateway.pool.target import Target


class ServerUser(Struct, frozen=True):
    """Whom the mail server counts connections against, whichever credential and gateway account they came by."""

    endpoint: Endpoint
    user: str

    def __repr__(self) -> str:
        """Eight hex digits, the same for the same user; no address gets into a log by it."""
        parts = (self.endpoint.host, str(self.endpoint.port), self.endpoint.tls, self.user)
        return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:8]


class AccountKey(Struct, frozen=True):
    """What must be equal for a connection to be lent: where, as whom, by which very credential, for which account."""

    endpoint: Endpoint
    user: str
    fingerprint: str
    account_id: str

    @property
    def owner(self) -> ServerUser:
        return ServerUser(self.endpoint, self.user)

    @classmethod
    def of(cls, target: Target) -> AccountKey:
        """The key of a target; the user is the one acted for (RFC 4616 section 2, authzid)."""
        credential = target.credential
        user = credential.authzid if isinstance(credential, ProxyPassword) else credential.user
        return cls(target.endpoint, user, credential.fingerprint(), target.account_id)

    def __repr__(self) -> str:
        return f"{self.owner!r}/{self.fingerprint[:8]}"
