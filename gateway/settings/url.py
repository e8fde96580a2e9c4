"""URLs and domains of a configuration, and of what it leads to: well formed, and whether they stay on this host."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*")


def split_url(url: str) -> SplitResult | None:
    """Its parts; None for what has no host, names a user, or holds a blank or a control character."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.hostname and parts.username is None and url.isprintable() and " " not in url else None


def is_domain(text: str) -> bool:
    """Whether it may stand behind the @ of an address."""
    return _DOMAIN.fullmatch(text) is not None


def is_loopback(host: str) -> bool:
    """``localhost``, or an address of this host's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
