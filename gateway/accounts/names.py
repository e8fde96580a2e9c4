"""Questions to the DNS, asked by ourselves: what was answered is what is checked, and used."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, TypeVar

import dns.asyncbackend
import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
from dns.nameserver import Do53Nameserver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA
from dns.rdtypes.IN.SRV import SRV

from gateway.accounts.network import Address, read_address
from gateway.errors import ConnectFailed, DeadlinePassed

QUESTION_SECONDS: Final = 2.0  # for one try at one server
SECONDS: Final = 5.0  # for all tries of a question

R = TypeVar("R")
_ADDRESSES: Final[tuple[type[A | AAAA], ...]] = (A, AAAA)


class NameMissing(ConnectFailed):
    """There is no such name, or it has nothing of the kind."""


class NameFailed(ConnectFailed):
    """The DNS did not answer the question: a server failed, or refused."""


class NameTimeout(DeadlinePassed):
    """No answer from the DNS in time."""


@dataclass(frozen=True, slots=True)
class Service:
    """An SRV record (RFC 2782); an empty ``host`` says that the service is not offered."""

    host: str
    port: int
    priority: int
    weight: int


class _Sockets(type(dns.asyncbackend.get_backend("asyncio"))):  # type: ignore[misc]
    """asyncio's; one whose maker was cancelled is closed: uvloop would keep it open, and hang on its end."""

    async def make_socket(self, *arguments: Any, **named: Any) -> Any:
        making = asyncio.ensure_future(super().make_socket(*arguments, **named))
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            making.add_done_callback(_close)
            raise


def _close(making: asyncio.Future[Any]) -> None:
    if not making.cancelled() and making.exception() is None:
        asyncio.ensure_future(making.result().close())  # noqa: RUF006 - it closes without waiting


class Names:
    """``nameservers``: (address, port) of the servers to ask; none: the system's."""

    def __init__(self, nameservers: tuple[tuple[str, int], ...] = ()) -> None:
        self._nameservers = nameservers
        self._sockets = _Sockets()
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def addresses(self, name: str) -> list[Address]:
        """All addresses of a host, IPv4 first. Raises NameMissing, NameFailed, NameTimeout.

        Names of this host (RFC 6761 section 6.3) are not asked for.
        """
        if name == "localhost" or name.endswith(".localhost"):
            return [IPv4Address("127.0.0.1"), IPv6Address("::1")]
        kinds = await asyncio.gather(self._kind(name, dns.rdatatype.A), self._kind(name, dns.rdatatype.AAAA))
        found = [address for each in kinds if isinstance(each, list) for address in each]
        if found:
            return found
        failures = [each for each in kinds if not isinstance(each, list)]
        raise next((each for each in failures if not isinstance(each, NameMissing)), failures[0])

    async def services(self, name: str) -> list[Service]:
        """The SRV records of ``_service._tcp.domain``. Raises NameMissing, NameFailed, NameTimeout."""
        return [
            Service(_text(each.target), each.port, each.priority, each.weight)
            for each in await self._ask(name, dns.rdatatype.SRV, (SRV,))
        ]

    async def exchangers(self, domain: str) -> list[str]:
        """The domain's mail exchangers, the preferred ones first. Raises NameMissing, NameFailed, NameTimeout."""
        found = sorted(await self._ask(domain, dns.rdatatype.MX, (MX,)), key=lambda each: each.preference)
        return [_text(each.exchange) for each in found]

    async def _kind(self, name: str, kind: dns.rdatatype.RdataType) -> list[Address] | ConnectFailed | NameTimeout:
        try:
            found = [read_address(each.address) for each in await self._ask(name, kind, _ADDRESSES)]
            return found or NameMissing("the host name has no address")
        except (NameMissing, NameFailed, NameTimeout) as error:
            return error

    async def _ask(self, name: str, kind: dns.rdatatype.RdataType, types: tuple[type[R], ...]) -> list[R]:
        try:
            answer = await self._asked().resolve(dns.name.from_text(name), kind, search=False, backend=self._sockets)
        except dns.resolver.NXDOMAIN as error:
            raise NameMissing("there is no such host name") from error
        except (dns.resolver.NoAnswer, dns.resolver.YXDOMAIN) as error:
            raise NameMissing("the name has no such record") from error
        except dns.exception.Timeout as error:
            raise NameTimeout("the DNS does not answer in time") from error
        except (dns.exception.DNSException, OSError) as error:
            raise NameFailed("the DNS can't answer for this name") from error
        return [each for each in answer if isinstance(each, types)]

    def _asked(self) -> dns.asyncresolver.Resolver:
        if self._resolver is None:
            resolver = dns.asyncresolver.Resolver(configure=not self._nameservers)
            if self._nameservers:
                resolver.nameservers = [Do53Nameserver(address, port) for address, port in self._nameservers]
            resolver.timeout, resolver.lifetime = QUESTION_SECONDS, SECONDS
            self._resolver = resolver
        return self._resolver


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower().removesuffix(".")
