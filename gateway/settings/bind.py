"""Addresses to listen on: ``127.0.0.1:8080``, ``[::1]:8080``, ``localhost:8080``."""

from __future__ import annotations

import re
from ipaddress import ip_address

from msgspec import Struct

from gateway.settings.url import is_loopback

_BIND = re.compile(r"(?:\[([0-9A-Fa-f:.%a-z]{2,64})\]|([A-Za-z0-9._-]{1,255})):([0-9]{1,5})")


class Bind(Struct, frozen=True):
    """``port`` 0 means any free one."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)


def parse_bind(text: str) -> Bind:
    """Raises ValueError."""
    found = _BIND.fullmatch(text)
    if found is None or int(found[3]) > 65535:
        raise ValueError("not an address:port")
    if found[1]:
        ip_address(found[1])
    return Bind(found[1] or found[2], int(found[3]))
