"""A linked account as it is stored, and who owns it."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Final, Literal, Protocol

from msgspec import Struct

from gateway.secret import Reticent

Method = Literal["password", "oauth"]
State = Literal["ok", "reauth-required"]
ANY_SERVER: Final = "linked"
"""The label of servers that users named."""
COLUMNS: Final[dict[Method, str]] = {"password": "password", "oauth": "refresh_token"}
"""Where the secret of each method stands."""


class Owned(Protocol):
    """Who a link belongs to: a caller's issuer and subject, both."""

    @property
    def issuer(self) -> str: ...
    @property
    def subject(self) -> str: ...


class Owner(Reticent, frozen=True):
    issuer: str
    subject: str


class Place(Struct, frozen=True, kw_only=True):
    """Where the mailbox is: at a configured provider, or at a server that the user named."""

    provider: str | None = None
    host: str | None = None
    port: int | None = None
    tls: str | None = None

    def __str__(self) -> str:
        return self.provider if self.provider is not None else f"{self.tls}://{self.host}:{self.port}"


class Link(Reticent, frozen=True, kw_only=True):
    """One row. ``sealed`` is the password or refresh token, which only a Keyring opens. Times in epoch seconds."""

    id: str
    issuer: str
    subject: str
    address: str
    username: str
    place: Place
    method: Method
    sealed: bytes
    key_id: str
    label: str | None = None
    is_default: bool = False
    state: State = "ok"
    version: int = 1
    created_at: float = 0.0

    @property
    def provider_name(self) -> str:
        """The label of its provider, also where that is configured no more."""
        return self.place.provider or ANY_SERVER

    @property
    def column(self) -> str:
        return COLUMNS[self.method]


def new_id() -> str:
    """128 random bits in 22 URL-safe characters."""
    return secrets.token_urlsafe(16)


def owner_digest(owned: Owned) -> str:
    """SHA-256 over issuer and subject, each preceded by its length: the same subject of two issuers is two owners."""
    digest = sha256()
    for part in (owned.issuer, owned.subject):
        octets = part.encode("utf-8", "surrogatepass")
        digest.update(len(octets).to_bytes(8, "big") + octets)
    return digest.hexdigest()
