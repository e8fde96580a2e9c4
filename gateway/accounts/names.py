"""Questions to the DNS, asked by ourselves: what was answered is what is checked, and used."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from gateway.accounts.dns_answer import NameFailed, NameMissing, NameTimeout, Service
from gateway.accounts.network import Address
from gateway.errors import ConnectFailed

if TYPE_CHECKING:  # sixty modules that only who asks needs
    from gateway.accounts.resolver import Resolver


class Names:
    """``nameservers``: (address, port) of the servers to ask; none: the system's."""

    def __init__(self, nameservers: tuple[tuple[str, int], ...] = ()) -> None:
        self._nameservers = nameservers
        self._resolver: Resolver | None = None

    async def addresses(self, name: str) -> list[Address]:
        """All addresses of a host, IPv4 first. Raises NameMissing, NameFailed, NameTimeout.

        Names of this host (RFC 6761 section 6.3) are not asked for.
        """
        if name == "localhost" or name.endswith(".localhost"):
            return [IPv4Address("127.0.0.1"), IPv6Address("::1")]
        resolver = await self._asked()
        kinds = await asyncio.gather(_kind(resolver.ipv4(name)), _kind(resolver.ipv6(name)))
        found = [address for each in kinds if isinstance(each, list) for address in each]
        if found:
            return found
        failures = [each for each in kinds if not isinstance(each, list)]
        raise next((each for each in failures if not isinstance(each, NameMissing)), failures[0])

    async def services(self, name: str) -> list[Service]:
        """The SRV records of ``_service._tcp.domain``. Raises NameMissing, NameFailed, NameTimeout."""
        return await (await self._asked()).services(name)

    async def exchangers(self, domain: str) -> list[str]:
        """The domain's mail exchangers, the preferred ones first. Raises NameMissing, NameFailed, NameTimeout."""
        return await (await self._asked()).exchangers(domain)

    async def _asked(self) -> Resolver:
        if self._resolver is None:
            made = await asyncio.to_thread(_resolver, self._nameservers)
            self._resolver = self._resolver or made  # two may have begun
        return self._resolver


def _resolver(nameservers: tuple[tuple[str, int], ...]) -> Resolver:
    from gateway.accounts.resolver import Resolver

    return Resolver(nameservers)


async def _kind(question: Awaitable[list[Address]]) -> list[Address] | ConnectFailed | NameTimeout:
    try:
        return await question or NameMissing("the host name has no address")
    except (NameMissing, NameFailed, NameTimeout) as error:
        return error
