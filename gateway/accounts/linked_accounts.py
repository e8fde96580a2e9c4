"""Linked accounts of a caller, ready to be signed in to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.accounts.access_tokens import Access, AccessTokens
from gateway.accounts.account import Account, Renewal
from gateway.accounts.keyring import Keyring
from gateway.accounts.link import Link, Owned
from gateway.accounts.link_provider import LinkProvider
from gateway.accounts.link_store import LinkStore
from gateway.accounts.named_server import named_server
from gateway.errors import NotFound, Unavailable
from gateway.imap.credential import Bearer, Credential, Password
from gateway.imap.endpoint import Endpoint
from gateway.secret import Secret
from gateway.settings.model import Linked, Provider


class LinkedAccounts:
    """From a row to an account with its credential."""

    def __init__(
        self,
        providers: Sequence[Provider],
        grants: Mapping[str, LinkProvider],
        store: LinkStore,
        keyring: Keyring,
        tokens: AccessTokens,
        *,
        any_server: bool,
        ca_file: str | None,
    ) -> None:
        self._providers = {each.name: each for each in providers if isinstance(each.auth, Linked)}
        self._grants, self._store, self._keyring, self._tokens = grants, store, keyring, tokens
        self._any_server, self._ca_file = any_server, ca_file

    async def for_caller(self, caller: Owned) -> list[Link]:
        """The default one first, then the oldest."""
        return await self._store.of(caller)

    async def account(self, link: Link, *, longest: bool = False) -> Account:
        """``longest``: with a credential that lasts as long as any that can be had now.

        Raises SignInRefused where it has to be linked again, Unavailable, SealBroken.
        """
        provider = self.provider(link)
        if link.method == "password":
            return password_account(link, provider, self._keyring.open(link.sealed, link.id, link.column))
        return self._granted(link, provider, await self._tokens.of(link, longest=longest))

    def last_known(self, link: Link) -> Account | None:
        """The account with the credential that this process signed in with, if it did."""
        provider = self.provider(link)
        if link.method == "password":
            return password_account(link, provider, self._keyring.open(link.sealed, link.id, link.column))
        access = self._tokens.held(link.id)
        if access is None or provider.name not in self._grants:
            return None
        return self._granted(link, provider, access)

    def _granted(self, link: Link, provider: Provider, access: Access) -> Account:
        """Its grant goes on where the access token ends: whoever asks for another is told what became of the link."""

        async def fresh() -> Account:
            now = await self._store.get(link.id)
            if now is None:
                raise NotFound("no such account", field="account")
            return await self.account(now, longest=True)

        credential = Bearer(link.username, access.token, self._grants[provider.name].mechanism)
        account = made(link, provider, credential, access.ends)
        return replace(account, renewal=Renewal(None, fresh))

    def provider(self, link: Link) -> Provider:
        """The provider as settings. Raises Unavailable where the operator has taken it away."""
        place = link.place
        if place.provider is not None:
            found = self._providers.get(place.provider)
            if found is None or (link.method == "oauth" and place.provider not in self._grants):
                raise Unavailable("the provider of this account is not configured any more")
            return found
        if not self._any_server:
            raise Unavailable("accounts of servers that users name are not served any more")
        return named_server(place.host or "", place.port or 0, place.tls or "", self._ca_file)


def made(link: Link, provider: Provider, credential: Credential, expires_at: float | None) -> Account:
    imap = provider.imap
    restricted = link.place.provider is None  # looked up and checked again whenever it is connected to
    endpoint = Endpoint(imap.host, imap.port, imap.tls, imap.ca_file, restricted=restricted)
    return Account(
        id=link.id,
        address=link.address,
        provider=provider,
        endpoint=endpoint,
        credential=credential,
        expires_at=expires_at,
    )


def password_account(link: Link, provider: Provider, password: Secret) -> Account:
    """One that a password opens."""
    return made(link, provider, Password(link.username, password), None)
