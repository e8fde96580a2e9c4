"""Which addresses are of the public internet, and why another one is not to be reached for a user.

The tables are IANA's special-purpose registries (RFC 6890), written out: what Python's ``ipaddress`` calls global
differs between its versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from types import MappingProxyType
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_V4: Final[Mapping[IPv4Network, str]] = MappingProxyType(
    {
        IPv4Network("0.0.0.0/8"): "unspecified",
        IPv4Network("10.0.0.0/8"): "private",
        IPv4Network("100.64.0.0/10"): "shared by a carrier",
        IPv4Network("127.0.0.0/8"): "loopback",
        IPv4Network("169.254.0.0/16"): "link-local",
        IPv4Network("172.16.0.0/12"): "private",
        IPv4Network("192.0.0.0/24"): "reserved",
        IPv4Network("192.0.2.0/24"): "documentation",
        IPv4Network("192.88.99.0/24"): "reserved",
        IPv4Network("192.168.0.0/16"): "private",
        IPv4Network("198.18.0.0/15"): "benchmarking",
        IPv4Network("198.51.100.0/24"): "documentation",
        IPv4Network("203.0.113.0/24"): "documentation",
        IPv4Network("224.0.0.0/4"): "multicast",
        IPv4Network("240.0.0.0/4"): "reserved",
    }
)
# Of IPv6 only global unicast (RFC 4291 section 2.4) is public at all; these parts of it are not.
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_V6: Final[Mapping[IPv6Network, str]] = MappingProxyType(
    {
        IPv6Network("2001::/32"): "a Teredo tunnel",
        IPv6Network("2001::/23"): "reserved",
        IPv6Network("2001:db8::/32"): "documentation",
        IPv6Network("2002::/16"): "a 6to4 tunnel",
        IPv6Network("3fff::/20"): "documentation",
    }
)
_OUTSIDE: Final[Mapping[IPv6Network, str]] = MappingProxyType(
    {
        IPv6Network("::/128"): "unspecified",
        IPv6Network("::1/128"): "loopback",
        IPv6Network("fc00::/7"): "private",
        IPv6Network("fe80::/10"): "link-local",
        IPv6Network("ff00::/8"): "multicast",
    }
)
# A network with IPv6 alone reaches hosts with IPv4 alone by this prefix (RFC 6052 section 2.1).
_NAT64: Final = IPv6Network("64:ff9b::/96")


def plain(address: Address) -> Address:
    """The IPv4 address that a v4-mapped one is (RFC 4291 section 2.5.5.2): the same host by another spelling."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def special(address: Address) -> str | None:
    """What makes the address other than public, in a word or two; None for a public one."""
    address = plain(address)
    if isinstance(address, IPv4Address):
        return next((kind for network, kind in _V4.items() if address in network), None)
    if address in _NAT64:
        return special(IPv4Address(int(address) & 0xFFFF_FFFF))
    if address in _GLOBAL_UNICAST:
        return next((kind for network, kind in _V6.items() if address in network), None)
    return next((kind for network, kind in _OUTSIDE.items() if address in network), "reserved")


def within(address: Address, networks: tuple[Network, ...]) -> bool:
    """Whether it is in one of the networks, whichever way it is spelt; behind NAT64 it is the IPv4 address too."""
    address = plain(address)
    wrapped = IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else address
    return any(each in network for network in networks for each in (address, wrapped))


def read_networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """Networks as settings name them; an address is a network of one. Raises ValueError."""
    return tuple(ip_network(text) for text in texts)


def read_address(text: str) -> Address:
    """An address in its standard spelling. Raises ValueError, also for one with a zone."""
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise ValueError("an address with a zone")
    return address
