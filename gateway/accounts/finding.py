"""From an address to mail servers that answer as they should: sources in order, every server tried over TLS."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Final

import msgspec
from msgspec import Struct

from gateway.accounts.address import Address, read_address
from gateway.accounts.candidate import Asked, Candidate, Found, Protocol, Rejected, Source
from gateway.accounts.lookup import Lookup, Named
from gateway.accounts.reach import Reach
from gateway.accounts.username import username
from gateway.accounts.verify.imap import ImapTrial
from gateway.accounts.verify.smtp import SmtpTrial
from gateway.accounts.verify.step import Steps
from gateway.accounts.verify.whereabouts import whereabouts
from gateway.accounts.web import Web
from gateway.errors import Forbidden, InvalidRequest
from gateway.imap.capability import Capabilities
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.tls import TlsContexts
from gateway.settings.accounts import Accounts
from gateway.settings.model import Provider, Settings

AT_ONCE: Final = 4  # servers tried at the same time
TRIED_MAX: Final = 12  # of one stage
DEADLINES: Final = Deadlines(connect=5.0, greeting=5.0, command=5.0)


class _Sought(Struct):
    """What is known so far. ``until``: when finding ends, on the loop's clock."""

    address: Address
    until: float
    good: list[Candidate]
    rejected: list[Rejected]
    asked: list[Asked]

    def has(self, protocol: Protocol) -> list[Candidate]:
        return [each for each in self.good if each.protocol == protocol]


class Finder:
    """``lookup`` asks the sources; servers of ``providers`` are not restricted, all others are."""

    def __init__(self, lookup: Lookup, providers: Iterable[Provider], reach: Reach, contexts: TlsContexts) -> None:
        self._lookup = lookup
        self._resolves = whereabouts(reach)
        self._contexts = contexts
        self._by_domain: dict[str, Provider] = {}
        for provider in providers:
            for domain in provider.domains:
                self._by_domain.setdefault(domain.lower(), provider)
        self.ca_file: str | None = None
        self.seconds = Accounts().find_seconds

    @classmethod
    def of(cls, settings: Settings, reach: Reach, contexts: TlsContexts) -> Finder:
        accounts = settings.accounts
        web = Web(reach, contexts, accounts.ca_file)
        finder = cls(Lookup(reach.names, web, accounts.autoconfig_url), settings.providers, reach, contexts)
        finder.ca_file, finder.seconds = accounts.ca_file, accounts.find_seconds
        return finder

    async def find(self, text: str) -> Found:
        """Servers for an address, the best first; none where nothing that was found answers as it should.

        Raises InvalidRequest for what is no address. Ends within ``seconds``.
        """
        address = _address(text)
        sought = _Sought(address, asyncio.get_running_loop().time() + self.seconds, [], [], [])
        lookup = self._lookup
        provider = self._by_domain.get(address.domain)
        if provider is not None:
            await self._stage(sought, [("provider", self._configured(provider, address))])
        else:
            await self._stage(sought, [("srv", lookup.services(address)), ("autoconfig", lookup.autoconfig(address))])
            if not sought.has("imap"):
                await self._stage(
                    sought, [("database", lookup.in_database(address)), ("exchanger", lookup.exchanger(address))]
                )
            if not sought.has("imap"):
                await self._stage(sought, [("well-known", lookup.well_known(address))])
            if not sought.has("imap") and "*" in self._by_domain:
                await self._stage(sought, [("provider", self._configured(self._by_domain["*"], address))])
        return Found(
            address=str(address),
            imap=sought.has("imap"),
            smtp=sought.has("smtp"),
            rejected=sought.rejected,
            asked=sought.asked,
        )

    async def _stage(self, sought: _Sought, sources: list[tuple[Source, Coroutine[object, object, Named]]]) -> None:
        """Ask these sources together, then try what they name, what was tried already left out."""
        answers = await asyncio.gather(*(_in_time(source, work, sought.until) for source, work in sources))
        seen = {each.place for each in sought.good} | {
            (each.protocol, each.host, each.port, each.tls) for each in sought.rejected
        }
        named: dict[object, Candidate] = {}
        for answer in answers:
            sought.asked.append(Asked(source=answer.source, found=len(answer.candidates), detail=answer.detail))
            for candidate in answer.candidates:
                before = named.setdefault(candidate.place, candidate)
                if before.needs_confirmation and not candidate.needs_confirmation:
                    named[candidate.place] = candidate
        gate = asyncio.Semaphore(AT_ONCE)
        worth = [candidate for place, candidate in named.items() if place not in seen][:TRIED_MAX]
        for outcome in await asyncio.gather(*(self._try(candidate, sought, gate) for candidate in worth)):
            if isinstance(outcome, Candidate):
                sought.good.append(outcome)
            else:
                sought.rejected.append(outcome)

    async def _try(self, candidate: Candidate, sought: _Sought, gate: asyncio.Semaphore) -> Candidate | Rejected:
        """Everything up to what it can do, without signing in."""
        endpoint = self._endpoint(candidate)
        steps = Steps(candidate.protocol, sought.until)
        trial: ImapTrial | SmtpTrial
        if candidate.protocol == "imap":
            trial = ImapTrial(endpoint, self._resolves, DEADLINES, self._contexts)
        else:
            trial = SmtpTrial(endpoint, self._resolves, DEADLINES, self._contexts)
        try:
            async with gate:
                await trial.look(steps)
        finally:
            await trial.close()
        failed = steps.failed
        if failed is not None:
            return Rejected(
                source=candidate.source,
                protocol=candidate.protocol,
                host=candidate.host,
                port=candidate.port,
                tls=candidate.tls,
                step=failed.step,
                code=failed.code or "refused",
                detail=failed.detail,
            )
        ways = ways_of(trial.capabilities) if isinstance(trial, ImapTrial) else sorted(trial.mechanisms)
        own = trial.certificate is not None and trial.certificate.covers(sought.address.domain)
        confirm = candidate.needs_confirmation and not own
        return msgspec.structs.replace(candidate, auth=ways, needs_confirmation=confirm)

    def _endpoint(self, candidate: Candidate) -> Endpoint:
        if candidate.source != "provider":
            return candidate.endpoint(self.ca_file)
        provider = next(each for each in self._by_domain.values() if each.name == candidate.provider)
        return Endpoint(candidate.host, candidate.port, candidate.tls, provider.imap.ca_file)

    async def _configured(self, provider: Provider, address: Address) -> Named:
        imap = provider.imap
        if imap.tls == "none":
            return Named("provider", detail="the provider's server is configured without TLS")
        candidate = Candidate(
            source="provider",
            protocol="imap",
            host=imap.host,
            port=imap.port,
            tls=imap.tls,
            username=_username(provider, address),
            provider=provider.name,
        )
        return Named("provider", (candidate,))


async def _in_time(source: Source, work: Coroutine[object, object, Named], until: float) -> Named:
    if asyncio.get_running_loop().time() >= until:
        work.close()
        return Named(source, detail="not asked: the time is over")
    try:
        async with asyncio.timeout_at(until):
            return await work
    except TimeoutError:
        return Named(source, detail="no answer in time")


def ways_of(capabilities: Capabilities) -> list[str]:
    """How one may sign in: SASL mechanisms, and IMAP's own LOGIN."""
    login = () if capabilities.has("LOGINDISABLED") else ("LOGIN",)
    return sorted({*capabilities.mechanisms, *login})


def _username(provider: Provider, address: Address) -> str:
    """The subject is not known here: where the template asks for it, the address has to do."""
    return str(address) if "{sub}" in provider.username else username(provider.username, address, "")


def _address(text: str) -> Address:
    try:
        address = read_address(text, "address")
    except Forbidden as error:
        raise InvalidRequest("this is no mail address that a server could be found for", field="address") from error
    if "." not in address.domain:
        raise InvalidRequest("this is no mail address that a server could be found for", field="address")
    return address
