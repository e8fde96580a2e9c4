"""An IMAP account of a caller: where it is and how to sign in to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

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


@dataclass(frozen=True, slots=True)
class Account:
    """One account. ``expires_at`` (seconds since the epoch): no connection opened with ``credential`` outlives it.

    Equal ids mean the same mailbox: issuer, provider, address and IMAP user are all part of it.
    """

    id: str
    address: str = field(repr=False)
    provider: Provider
    endpoint: Endpoint
    credential: Credential = field(repr=False)
    expires_at: float | None = None
