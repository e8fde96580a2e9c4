"""An IMAP account of a caller: where it is and how to sign in to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from msgspec import Struct

from gateway.imap.credential import Credential
from gateway.imap.endpoint import Endpoint
from gateway.secret import Secret
from gateway.settings.model import Provider


class Caller(Protocol):
    """What accounts need to know of a principal (``identity.principal.Principal`` has it all)."""

    @property
    def issuer(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def claims(self) -> Mapping[str, object]: ...
    @property
    def audiences(self) -> frozenset[str]: ...
    @property
    def token(self) -> Secret: ...
    @property
    def expires_at(self) -> float: ...
    @property
    def key(self) -> str | None: ...


AHEAD_SECONDS: Final = 60.0
"""How long before its credential's end a lasting connection is replaced at most, and half of it at least."""


class Renewal(Struct, frozen=True):
    """A credential that ends before what stands behind it. ``until``: when that ends (None: it does not by itself).

    ``fresh`` gives the account with a credential that lasts as long as any that can be had now. It raises what makes
    that impossible: ClientError where it is for good, Unavailable where another try may help.
    """

    until: float | None
    fresh: Callable[[], Awaitable[Account]]


@dataclass(frozen=True, slots=True)
class Account:
    """One account. ``expires_at`` (seconds since the epoch): no connection opened with ``credential`` outlives it.

    Equal ids mean the same mailbox: issuer, provider, address and IMAP user are all part of it. ``renewal``: how to
    go on beyond ``expires_at``.
    """

    id: str
    address: str = field(repr=False)
    provider: Provider
    endpoint: Endpoint
    credential: Credential = field(repr=False)
    expires_at: float | None = None
    renewal: Renewal | None = field(default=None, repr=False, compare=False)

    @property
    def lasts_until(self) -> float | None:
        """When the account can't be signed in to any more, renewals included."""
        return self.expires_at if self.renewal is None else self.renewal.until

    def useful_for(self, now: float, chance: float) -> float | None:
        """Seconds that a connection which lasts may be kept; where there is a renewal it ends ahead of the credential.

        ``chance``, in [0, 1), spreads those ends, so that not all are renewed at once. None: for ever.
        """
        if self.expires_at is None:
            return None
        left = self.expires_at - now
        if self.renewal is None or (self.renewal.until is not None and self.renewal.until <= self.expires_at):
            return left
        return left - min(AHEAD_SECONDS, left / 5) * (1 - chance / 2)
