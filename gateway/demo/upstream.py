"""Which mailbox the demo shows: the embedded one, or one's own."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.accounts.account import Account, Caller
from gateway.errors import NotFound
from gateway.imap.credential import Password
from gateway.imap.endpoint import Endpoint
from gateway.secret import Secret
from gateway.settings import model

PROVIDER_NAME = "demo"


@dataclass(frozen=True, slots=True)
class Upstream:
    """A mailbox and its password, which is kept in memory only."""

    endpoint: Endpoint
    user: str
    password: Secret

    @property
    def address(self) -> str:
        return self.user if "@" in self.user else f"{self.user}@{self.endpoint.host}"

    def provider(self) -> model.Provider:
        """The provider as settings; its auth is never used, since OneMailbox gives the credential."""
        return model.Provider(
            name=PROVIDER_NAME,
            imap=model.Endpoint(
                host=self.endpoint.host,
                port=self.endpoint.port,
                tls=self.endpoint.tls,
                ca_file=self.endpoint.ca_file,
            ),
            auth=model.Linked(),
            username=self.user,
        )


class OneMailbox:
    """A directory with a single account that every caller of the demo's own issuer has."""

    def __init__(self, upstream: Upstream) -> None:
        self._account = Account(
            id="demo",
            address=upstream.address,
            provider=upstream.provider(),
            endpoint=upstream.endpoint,
            credential=Password(upstream.user, upstream.password),
        )

    async def accounts(self, caller: Caller) -> list[Account]:
        return [self._account]

    async def resolve(self, caller: Caller, ref: str) -> Account:
        if ref in {"me", self._account.id}:
            return self._account
        raise NotFound("there is no such account")
