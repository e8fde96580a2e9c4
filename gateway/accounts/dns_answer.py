"""What the DNS says, and how it fails to."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from gateway.errors import ConnectFailed, DeadlinePassed

SECONDS: Final = 5.0
"""For all tries of a question."""


class NameMissing(ConnectFailed):
    """There is no such name, or it has nothing of the kind."""


class NameFailed(ConnectFailed):
    """The DNS did not answer the question: a server failed, or refused."""


class NameTimeout(DeadlinePassed):
    """No answer from the DNS in time."""


class Service(Struct, frozen=True):
    """An SRV record (RFC 2782); an empty ``host`` says that the service is not offered."""

    host: str
    port: int
    priority: int
    weight: int
