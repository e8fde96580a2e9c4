"""What a connection is wanted to."""

from __future__ import annotations

from msgspec import Struct

from gateway.imap.credential import Bearer, Credential
from gateway.imap.endpoint import Endpoint


class Target(Struct, frozen=True):
    """An account and the way to sign in to it.

    ``provider`` is its label in metrics. ``expires_at`` is when the credential stops being good, in seconds since the
    epoch (None: it does not end by itself). ``ignore`` are capabilities not to use although the server offers them.
    ``compress``: what is said is compressed where the server can.
    """

    account_id: str
    provider: str
    endpoint: Endpoint
    credential: Credential
    expires_at: float | None = None
    ignore: frozenset[str] = frozenset()
    compress: bool = False

    def expired(self, epoch: float) -> bool:
        """The credential is past its time at ``epoch``."""
        return self.expires_at is not None and self.expires_at <= epoch

    @property
    def own_token(self) -> bool:
        """The caller's own token is the credential."""
        return isinstance(self.credential, Bearer) and self.credential.own_token
