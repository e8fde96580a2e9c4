"""The sources of settings for an address, each asked by itself: what servers they name, unchecked."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import quote

from msgspec import Struct, field
from msgspec.structs import replace

from gateway.accounts.address import Address
from gateway.accounts.autoconfig import NotAutoconfig, read_autoconfig
from gateway.accounts.candidate import Candidate, MailPorts, Protocol, SafeTls, Source
from gateway.accounts.dns_answer import NameMissing, Service
from gateway.accounts.names import Names
from gateway.accounts.preset import preset_of
from gateway.accounts.web import Web
from gateway.errors import GatewayError

SERVICES_MAX: Final = 4  # of one kind

_DOCUMENT: Final = "mail/config-v1.1.xml"


class Named(Struct, frozen=True):
    """What a source came to."""

    source: Source
    candidates: tuple[Candidate, ...] = ()
    detail: str = ""


class Lookup(Struct, frozen=True):
    """``database``: the URL of a database of settings, with `{domain}` in it; None: none is asked."""

    names: Names
    web: Web
    database: str | None = None
    ports: MailPorts = field(default_factory=MailPorts)

    async def services(self, address: Address) -> Named:
        """SRV records of the domain (RFC 6186, and `_submissions` of RFC 8314 section 5.1)."""
        kinds: list[tuple[str, Protocol, SafeTls]] = [
            ("_imaps", "imap", "implicit"),
            ("_imap", "imap", "starttls"),
            ("_submissions", "smtp", "implicit"),
            ("_submission", "smtp", "starttls"),
        ]
        found = await asyncio.gather(*(self._service(address.domain, name) for name, _, _ in kinds))
        candidates = [
            _of_service(service, protocol, tls, address)
            for (_, protocol, tls), services in zip(kinds, found, strict=True)
            if isinstance(services, list)
            for service in services
        ]
        refused = [name for (name, _, _), services in zip(kinds, found, strict=True) if services == []]
        detail = f"not offered, says the domain: {', '.join(refused)}" if refused else _told(found)
        return Named("srv", tuple(candidates), detail)

    async def _service(self, domain: str, name: str) -> list[Service] | GatewayError:
        """In the order in which they are to be tried; none where the domain says that there is no such service."""
        try:
            found = await self.names.services(f"{name}._tcp.{domain}")
        except GatewayError as error:
            return error
        return in_order(service for service in found if service.host)[:SERVICES_MAX]

    async def autoconfig(self, address: Address) -> Named:
        """The domain's own document: over TLS, and where there is none of them in plain text, to be confirmed."""
        host = f"autoconfig.{address.domain}"
        whose = quote(str(address), safe="@")
        secure = (
            f"https://{host}/{_DOCUMENT}?emailaddress={whose}",
            f"https://{address.domain}/.well-known/autoconfig/{_DOCUMENT}",
        )
        found = await asyncio.gather(*(self._documents("autoconfig", address, [url]) for url in secure))
        for each in found:
            if each.candidates:
                return each
        plain = await self._documents("autoconfig", address, [f"http://{host}/{_DOCUMENT}"])  # the address is not told
        return replace(plain, detail="; ".join(each.detail for each in (*found, plain) if each.detail))

    async def exchanger(self, address: Address) -> Named:
        """By where the domain's mail goes: a known provider, or the settings of the exchanger's own domain."""
        try:
            hosts = await self.names.exchangers(address.domain)
        except GatewayError as error:
            return Named("exchanger", detail=error.detail)
        preset = preset_of(hosts)
        if preset is not None:
            return Named("exchanger", preset.candidates(str(address), self.ports))
        domain = _parent(hosts[0], address.domain) if hosts else None
        if domain is None:
            return Named("exchanger", detail="the mail exchangers tell of no other provider")
        urls = [f"https://autoconfig.{domain}/{_DOCUMENT}"]
        if self.database is not None:
            urls.append(self.database.replace("{domain}", domain))
        return await self._documents("exchanger", address, urls)

    async def in_database(self, address: Address) -> Named:
        """The database of the configuration, where there is one."""
        if self.database is None:
            return Named("database", detail="none is configured")
        return await self._documents("database", address, [self.database.replace("{domain}", address.domain)])

    async def well_known(self, address: Address) -> Named:
        """Names that mail servers mostly have."""
        domain, ports = address.domain, self.ports
        guesses: list[tuple[str, Protocol, int, SafeTls]] = [
            (f"imap.{domain}", "imap", ports.imaps, "implicit"),
            (f"mail.{domain}", "imap", ports.imaps, "implicit"),
            (f"imap.{domain}", "imap", ports.imap, "starttls"),
            (f"mail.{domain}", "imap", ports.imap, "starttls"),
            (f"smtp.{domain}", "smtp", ports.submissions, "implicit"),
            (f"mail.{domain}", "smtp", ports.submissions, "implicit"),
            (f"smtp.{domain}", "smtp", ports.submission, "starttls"),
            (f"mail.{domain}", "smtp", ports.submission, "starttls"),
        ]
        return Named(
            "well-known",
            tuple(
                Candidate(source="well-known", protocol=kind, host=host, port=port, tls=tls, username=str(address))
                for host, kind, port, tls in guesses
            ),
        )

    async def _documents(self, source: Source, address: Address, urls: Iterable[str]) -> Named:
        """The first of them that names servers."""
        reasons = []
        for url in urls:
            own = self.database is not None and url.startswith(self.database.partition("{domain}")[0])
            try:
                page = await self.web.get(url, trusted=own)
                vouched = page.secure and source != "exchanger"
                found = read_autoconfig(page.body, address, source, confirm=not vouched)
            except (GatewayError, NotAutoconfig) as error:
                reasons.append(f"{url.partition('?')[0]}: {error}")
                continue
            if found:
                return Named(source, tuple(found))
            reasons.append(f"{url.partition('?')[0]}: it names no server with TLS")
        return Named(source, detail="; ".join(reasons))


def in_order(services: Iterable[Service], chance: Callable[[], float] = random.random) -> list[Service]:
    """The lowest priority first; among equals one is the likelier to come early, the greater its weight (RFC 2782)."""
    drawn = [(service.priority, -(chance() ** (1 / max(service.weight, 0.01))), service) for service in services]
    return [service for _, _, service in sorted(drawn, key=lambda each: each[:2])]


def _of_service(service: Service, protocol: Protocol, tls: SafeTls, address: Address) -> Candidate:
    """A host outside the address's domain is named by nothing but the DNS (RFC 6186 section 6)."""
    domain = address.domain
    return Candidate(
        source="srv",
        protocol=protocol,
        host=service.host,
        port=service.port,
        tls=tls,
        username=str(address),
        needs_confirmation=not (service.host == domain or service.host.endswith(f".{domain}")),
    )


def _told(found: Iterable[object]) -> str:
    failures = [each for each in found if isinstance(each, GatewayError) and not isinstance(each, NameMissing)]
    return failures[0].detail if failures else "the domain has no such records"


def _parent(exchanger: str, domain: str) -> str | None:
    """`mx1.mail.provider.example` -> `provider.example`; None where that is the address's own domain."""
    labels = exchanger.split(".")
    size = 3 if len(labels[-1]) == 2 and len(labels[-2:][0]) <= 3 else 2  # mx.provider.co.uk
    parent = ".".join(labels[-size:])
    return parent if len(labels) > size and parent != domain and not domain.endswith(f".{parent}") else None
