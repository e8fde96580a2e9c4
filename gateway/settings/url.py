"""URLs of a configuration, and of what it leads to: well formed, without a user, and whether they stay on this host."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit


def split_url(url: str) -> SplitResult | None:
    """Its parts; None for what has no host, names a user, or holds a blank or a control character."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.hostname and parts.username is None and url.isprintable() and " " not in url else None


def is_loopback(host: str) -> bool:
    """``localhost``, or an address of this host's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
