"""From a host that a user named to the addresses that may be connected to, and to no other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from msgspec import Struct

from gateway.accounts.host import HostRefused, read_host
from gateway.accounts.names import Names
from gateway.accounts.network import Address, Network, plain, read_networks, special, within
from gateway.imap.endpoint import Endpoint
from gateway.settings.accounts import Accounts
from gateway.settings.reach_checks import nameserver

ADDRESSES_MAX: Final = 4  # that are tried of one host


class Policy(Struct, frozen=True):
    """What users may have reached. Hosts of the operator's own configuration are not asked about here."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    refused: tuple[Network, ...] = ()
    ports: frozenset[int] = frozenset(Accounts().ports)

    @classmethod
    def of(cls, settings: Accounts) -> Policy:
        return cls(
            frozenset(host.lower().removesuffix(".") for host in settings.allowed_hosts),
            read_networks(settings.allowed_networks),
            read_networks(settings.refused_networks),
            frozenset(settings.ports),
        )

    def permits(self, address: Address) -> bool:
        """Whether a host of any name may have this address."""
        if within(address, self.networks):
            return True
        return special(address) is None and not within(address, self.refused)


class Reach:
    """Resolves a host once and checks every address; what comes of it is what has to be connected to."""

    def __init__(self, policy: Policy, names: Names) -> None:
        self._policy = policy
        self.names = names

    @classmethod
    def of(cls, settings: Accounts) -> Reach:
        return cls(Policy.of(settings), Names(tuple(map(nameserver, settings.nameservers))))

    async def addresses(self, host: str, port: int, *, more_ports: Iterable[int] = ()) -> tuple[str, ...]:
        """The host's addresses. Raises HostRefused where one of them may not be reached, or the port may not.

        Raises NameMissing, NameFailed, NameTimeout for a name that can't be resolved.
        """
        if port not in self._policy.ports and port not in more_ports:
            raise HostRefused("mail servers are not reached at this port", field="port")
        named = read_host(host)
        found = await self.names.addresses(named) if isinstance(named, str) else [named]
        trusted = str(named) in self._policy.hosts
        if not trusted and not all(map(self._policy.permits, found)):
            raise HostRefused("this host may not be reached from here", field="host")
        return tuple(dict.fromkeys(str(plain(address)) for address in found))[:ADDRESSES_MAX]

    async def pinned(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint with the addresses to connect to; TLS is verified for its host's name all the same."""
        return replace(endpoint, addresses=await self.addresses(endpoint.host, endpoint.port))
