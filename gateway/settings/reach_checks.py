"""What no single setting of users' own mail servers can be checked for."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from gateway.settings.accounts import Accounts
from gateway.settings.problem import Problem
from gateway.settings.url import is_domain, split_url


def reach_problems(accounts: Accounts) -> Iterator[Problem]:
    """All that is wrong with the ``accounts`` table."""
    for n, host in enumerate(accounts.allowed_hosts):
        if not _is_host(host):
            yield Problem(("accounts", "allowed_hosts", n), "must be a host name or an IP address")
    for name in ("allowed_networks", "refused_networks"):
        for n, network in enumerate(getattr(accounts, name)):
            if not _is_network(network):
                yield Problem(("accounts", name, n), "must be a network such as 10.1.0.0/16")
    for n, server in enumerate(accounts.nameservers):
        try:
            nameserver(server)
        except ValueError:
            yield Problem(("accounts", "nameservers", n), "must be an address, or address:port")
    if accounts.autoconfig_url is not None:
        parts = split_url(accounts.autoconfig_url.replace("{domain}", "example.org"))
        if parts is None or parts.scheme != "https" or "{domain}" not in accounts.autoconfig_url:
            yield Problem(("accounts", "autoconfig_url"), "must be an https URL that holds {domain}")


def nameserver(text: str) -> tuple[str, int]:
    """``192.0.2.53``, ``192.0.2.53:5353``, ``[2001:db8::53]:53``: address and port. Raises ValueError."""
    address, port = text, "53"
    if text.startswith("["):
        address, _, rest = text[1:].partition("]")
        port = rest.removeprefix(":") or "53"
    elif text.count(":") == 1:
        address, _, port = text.partition(":")
    if not 0 < int(port) < 65536:
        raise ValueError("not a port")
    return str(ip_address(address)), int(port)


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _is_host(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return is_domain(text.removesuffix("."))
    return True
