"""Where an account that is to be linked with a password is, and what its server wants to hear as user name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from gateway.accounts import finding
from gateway.accounts.address import Address, read_address
from gateway.accounts.link import Place
from gateway.accounts.named_server import named_server
from gateway.accounts.username import username
from gateway.errors import Forbidden, Unprocessable
from gateway.imap.endpoint import Endpoint
from gateway.secret import Reticent, Secret
from gateway.settings.model import Linked, Provider


class Finder(Protocol):
    """Finds the IMAP server of an address that no configured provider serves."""

    async def imap(self, address: str, /) -> Endpoint | None:
        """None where none is found."""
        ...


class Vouched:
    """By :class:`gateway.accounts.finding.Finder`: no password goes to a server that the DNS alone vouches for."""

    def __init__(self, finder: finding.Finder) -> None:
        self._finder = finder

    async def imap(self, address: str) -> Endpoint | None:
        found = await self._finder.find(address)
        return next((each.endpoint() for each in found.imap if not each.needs_confirmation), None)


class Server(Struct, frozen=True, kw_only=True):
    """As a user names it."""

    host: str
    port: int
    tls: str


class Wanted(Reticent, frozen=True, kw_only=True):
    """An account that is to be linked with a password. ``provider`` is the name of a configured one."""

    address: str
    password: Secret
    provider: str | None = None
    server: Server | None = None
    username: str | None = None
    label: str | None = None


class Found(Reticent, frozen=True):
    place: Place
    provider: Provider
    username: str


class Places:
    """Raises Unprocessable, which names the member of the request that is wrong or missing."""

    def __init__(self, providers: Sequence[Provider], *, any_server: bool, ca_file: str | None, finder: Finder) -> None:
        self._linked = [each for each in providers if isinstance(each.auth, Linked)]
        self._names: Mapping[str, Provider] = {each.name: each for each in self._linked}
        self._any_server, self._ca_file = any_server, ca_file
        self._finder = finder

    async def find(self, wanted: Wanted, subject: str) -> Found:
        address = parsed(wanted.address)
        place, provider = await self._place(wanted, address)
        return Found(place, provider, wanted.username or name_at(provider, address, subject))

    async def _place(self, wanted: Wanted, address: Address) -> tuple[Place, Provider]:
        if wanted.provider is not None and wanted.server is not None:
            raise Unprocessable("name a provider or a server, not both", field="imap")
        if wanted.provider is not None:
            named = self._names.get(wanted.provider)
            if named is None:
                raise Unprocessable("there is no such provider to link accounts of", field="provider")
            return Place(provider=named.name), named
        if wanted.server is not None:
            return self._at(wanted.server)
        serving = self._serving(address.domain)
        if serving is not None:
            return Place(provider=serving.name), serving
        found = await self._finder.imap(str(address)) if self._any_server else None
        if found is None:
            raise Unprocessable("the mail server of this address is not known for sure: name it", field="imap")
        return self._at(Server(host=found.host, port=found.port, tls=found.tls))

    def _at(self, server: Server) -> tuple[Place, Provider]:
        host = server.host.lower().removesuffix(".")
        for each in self._linked:
            if (each.imap.host.lower(), each.imap.port, each.imap.tls) == (host, server.port, server.tls):
                return Place(provider=each.name), each
        if not self._any_server:
            raise Unprocessable("accounts of servers other than the configured ones can't be linked", field="imap")
        return Place(host=host, port=server.port, tls=server.tls), named_server(
            host, server.port, server.tls, self._ca_file
        )

    def _serving(self, domain: str) -> Provider | None:
        exact = [each for each in self._linked if domain in map(str.lower, each.domains)]
        return next(iter([*exact, *(each for each in self._linked if "*" in each.domains)]), None)


def parsed(address: str) -> Address:
    """Raises Unprocessable."""
    try:
        found = read_address(address, "address")
    except Forbidden as error:
        raise Unprocessable("this is no address of a mail account", field="address") from error
    if not found.domain:
        raise Unprocessable("this is no address of a mail account", field="address")
    return found


def name_at(provider: Provider, address: Address, subject: str) -> str:
    """By the provider's template. Raises Unprocessable."""
    try:
        return username(provider.username, address, subject)
    except Forbidden as error:
        raise Unprocessable(
            "the address makes no user name that the mail server could be told", field="username"
        ) from error
