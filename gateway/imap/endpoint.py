"""Where a mail server is, how TLS is made with it, and how long it may take to answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from msgspec import Struct

Tls: TypeAlias = Literal["implicit", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A mail server's address. ``ca_file`` is a PEM file trusted instead of the system's authorities.

    ``restricted``: a user named the host, so that it is never looked up on the way: without ``addresses``, which were
    checked, no connection is made. TLS is verified for ``host`` whatever the address. Endpoints with different
    addresses are the same server.
    """

    host: str
    port: int
    tls: Tls = "implicit"
    ca_file: str | None = None
    restricted: bool = False
    addresses: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


class Deadlines(Struct, frozen=True):
    """All in seconds. ``connect``: TCP and TLS together; ``command``: the longest silence while one is pending."""

    connect: float = 10.0
    greeting: float = 10.0
    command: float = 30.0

    @property
    def opening(self) -> float:
        """The longest from TCP to signed in: a server that keeps talking and comes to no end has one too."""
        return self.connect + self.greeting + 2 * self.command
