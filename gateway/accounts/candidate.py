"""What finding a mail server comes to: servers that answer as they should, and what became of the others."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from gateway.imap.endpoint import Endpoint

Source: TypeAlias = Literal["provider", "srv", "autoconfig", "database", "exchanger", "well-known"]
Protocol: TypeAlias = Literal["imap", "smtp"]
SafeTls: TypeAlias = Literal["implicit", "starttls"]


class MailPorts(Struct, frozen=True):
    """Where mail servers are of which nothing but the name is known (RFC 8314 section 3)."""

    imaps: int = 993
    imap: int = 143
    submissions: int = 465
    submission: int = 587


class OAuthHint(Struct, rename="camel", kw_only=True, frozen=True):
    """Where the provider is said to give tokens for mail, and for which scope."""

    issuer: str
    scope: str
    auth_url: str | None = None
    token_url: str | None = None


class Candidate(Struct, rename="camel", kw_only=True, frozen=True):
    """A server that may be the one. ``auth`` is empty until it was asked."""

    source: Source
    protocol: Protocol
    host: str
    port: int
    tls: SafeTls
    username: Annotated[str, Meta(description="what the server is thought to want to hear as user name")]
    auth: Annotated[list[str], Meta(description="the ways to sign in that it offers; `LOGIN` is IMAP's own")] = []
    needs_confirmation: Annotated[
        bool,
        Meta(description="nothing but the DNS vouches for this host: have the user agree before a password goes to it"),
    ] = False
    provider: Annotated[str | None, Meta(description="the provider of the gateway's configuration that it is")] = None
    oauth: OAuthHint | None = None

    @property
    def place(self) -> tuple[str, str, int, str]:
        """Equal for the same service of the same server."""
        return (self.protocol, self.host, self.port, self.tls)

    def endpoint(self, ca_file: str | None = None) -> Endpoint:
        """The server, as one that a user named: it is checked again whenever it is connected to."""
        return Endpoint(self.host, self.port, self.tls, ca_file, restricted=True)


class Rejected(Struct, rename="camel", kw_only=True, frozen=True):
    """A server that was thought of and is not offered: where it failed, and how."""

    source: Source
    protocol: Protocol
    host: str
    port: int
    tls: SafeTls
    step: str
    code: str
    detail: str


class Asked(Struct, rename="camel", kw_only=True, frozen=True):
    """A source of settings, and what it had to say."""

    source: Source
    found: Annotated[int, Meta(description="how many servers it named")]
    detail: str


class Found(Struct, rename="camel", kw_only=True, frozen=True):
    """The best server first. With none, ``rejected`` and ``asked`` tell why."""

    address: str
    imap: list[Candidate]
    smtp: list[Candidate]
    rejected: list[Rejected]
    asked: list[Asked]
