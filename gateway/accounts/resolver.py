"""The DNS by dnspython, for :mod:`gateway.accounts.names`."""

from __future__ import annotations

import asyncio
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

from gateway.accounts.dns_answer import SECONDS, NameFailed, NameMissing, NameTimeout, Service
from gateway.accounts.network import Address, read_address

QUESTION_SECONDS: Final = 2.0  # for one try at one server

R = TypeVar("R")


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


class Resolver:
    """Each question raises NameMissing, NameFailed, NameTimeout."""

    def __init__(self, nameservers: tuple[tuple[str, int], ...]) -> None:
        self._sockets = _Sockets()
        self._resolver = dns.asyncresolver.Resolver(configure=not nameservers)
        if nameservers:
            self._resolver.nameservers = [Do53Nameserver(address, port) for address, port in nameservers]
        self._resolver.timeout, self._resolver.lifetime = QUESTION_SECONDS, SECONDS

    async def ipv4(self, name: str) -> list[Address]:
        return [read_address(each.address) for each in await self._ask(name, dns.rdatatype.A, (A,))]

    async def ipv6(self, name: str) -> list[Address]:
        return [read_address(each.address) for each in await self._ask(name, dns.rdatatype.AAAA, (AAAA,))]

    async def services(self, name: str) -> list[Service]:
        return [
            Service(_text(each.target), each.port, each.priority, each.weight)
            for each in await self._ask(name, dns.rdatatype.SRV, (SRV,))
        ]

    async def exchangers(self, domain: str) -> list[str]:
        found = sorted(await self._ask(domain, dns.rdatatype.MX, (MX,)), key=lambda each: each.preference)
        return [_text(each.exchange) for each in found]

    async def _ask(self, name: str, kind: dns.rdatatype.RdataType, types: tuple[type[R], ...]) -> list[R]:
        try:
            answer = await self._resolver.resolve(dns.name.from_text(name), kind, search=False, backend=self._sockets)
        except dns.resolver.NXDOMAIN as error:
            raise NameMissing("there is no such host name") from error
        except (dns.resolver.NoAnswer, dns.resolver.YXDOMAIN) as error:
            raise NameMissing("the name has no such record") from error
        except dns.exception.Timeout as error:
            raise NameTimeout("the DNS does not answer in time") from error
        except (dns.exception.DNSException, OSError) as error:
            raise NameFailed("the DNS can't answer for this name") from error
        return [each for each in answer if isinstance(each, types)]


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower().removesuffix(".")
