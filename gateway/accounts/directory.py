"""Which IMAP accounts a caller has, and how to sign in to them. Nothing is kept: it follows from token and settings."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import assert_never

from msgspec import Struct

from gateway.accounts.account import Account, Caller, Renewal
from gateway.accounts.address import Address
from gateway.accounts.exchanges import Exchanges
from gateway.accounts.naming import named_address
from gateway.accounts.sign_in import AsMasterUser, ByTokenExchange, SignIn, WithCallersToken
from gateway.accounts.username import username
from gateway.errors import Forbidden, LocalError, NotFound, Unprocessable
from gateway.imap.endpoint import Endpoint
from gateway.log import logger
from gateway.settings.model import Auth, Issuer, Linked, MasterUser, PassThrough, Provider, Settings, TokenExchange

_log = logger("gateway.accounts")


class _Served(Struct, frozen=True):
    """A provider as it is used. ``sign_in`` is None where users link accounts themselves."""

    provider: Provider
    endpoint: Endpoint
    sign_in: SignIn | None


class Directory:
    """Built once. Raises ConfigurationError where a secret of the gateway's own can't be had.

    ``exchanges`` are needed where a provider's tokens come by exchange.
    """

    def __init__(
        self, settings: Settings, environ: Mapping[str, str] = os.environ, *, exchanges: Exchanges | None = None
    ) -> None:
        self._issuers = {issuer.issuer: issuer for issuer in settings.issuers}
        self._by_domain: dict[str, _Served] = {}
        if len(settings.issuers) > 1:
            _warn_of_issuers(settings.issuers)
        for index, provider in enumerate(settings.providers):
            key = f"providers[{index}].auth"
            sign_in = _sign_in(provider.auth, settings.issuers[0].issuer, environ, key, exchanges)
            served = _Served(provider, _endpoint(provider), sign_in)
            _warn(provider)
            for domain in provider.domains:
                self._by_domain.setdefault(domain.lower(), served)

    async def accounts(self, caller: Caller) -> list[Account]:
        """The caller's accounts, the default one first; none where no provider serves the caller's domain.

        Raises Forbidden where the token names no account, or not in a way that can be trusted.
        """
        issuer = self._issuer(caller)
        address = named_address(issuer, caller)
        served = self._serving(address)
        if served is None or served.sign_in is None:
            return []
        return [await _account(served, served.sign_in, issuer, caller, address)]

    async def resolve(self, caller: Caller, ref: str) -> Account:
        """The account that ``ref`` means: ``me`` or an id. Raises NotFound for every id but the caller's own."""
        accounts = await self.accounts(caller)
        if ref == "me":
            return accounts[0] if accounts else self._explain(caller)
        for account in accounts:
            if account.id == ref:
                return account
        raise NotFound("no such account", field="account")

    def _explain(self, caller: Caller) -> Account:
        """Why the caller has no account at all: always raises."""
        if self._serving(named_address(self._issuer(caller), caller)) is not None:
            raise Unprocessable("accounts of this mail provider have to be linked")
        raise NotFound("no mail provider is configured for this caller's domain", field="account")

    def _issuer(self, caller: Caller) -> Issuer:
        issuer = self._issuers.get(caller.issuer)
        if issuer is None:
            raise Forbidden("the token's issuer names no mail accounts")
        return issuer

    def _serving(self, address: Address) -> _Served | None:
        return self._by_domain.get(address.domain) or self._by_domain.get("*")


async def _account(
    served: _Served, sign_in: SignIn, issuer: Issuer, caller: Caller, address: Address, *, longest: bool = False
) -> Account:
    async def fresh() -> Account:
        return await _account(served, sign_in, issuer, caller, address, longest=True)

    user = username(served.provider.username, address, caller.subject)
    if isinstance(sign_in, ByTokenExchange):
        grant = await sign_in.grant(user, caller, longest=longest)
    else:
        grant = sign_in.grant(user, caller, issuer.audience)
    return Account(
        id=_account_id(issuer.issuer, served.provider.name, str(address), user),
        address=str(address),
        provider=served.provider,
        endpoint=served.endpoint,
        credential=grant.credential,
        expires_at=grant.expires_at,
        renewal=Renewal(caller.expires_at, fresh) if grant.renewable else None,
    )


@lru_cache(maxsize=4096)
def _account_id(*parts: str) -> str:
    """22 URL-safe characters over all that makes the account this one and no other; no secret, and tells nothing."""
    digest = sha256()
    for part in parts:
        octets = part.encode("utf-8")
        digest.update(len(octets).to_bytes(8, "big") + octets)
    return urlsafe_b64encode(digest.digest()[:16]).rstrip(b"=").decode("ascii")


def _endpoint(provider: Provider) -> Endpoint:
    imap = provider.imap
    return Endpoint(imap.host, imap.port, imap.tls, imap.ca_file)


def _sign_in(
    auth: Auth, first_issuer: str, environ: Mapping[str, str], key: str, exchanges: Exchanges | None
) -> SignIn | None:
    match auth:
        case TokenExchange():
            if exchanges is None:
                raise LocalError("nothing is given to exchange tokens with")
            return exchanges.sign_in(auth, auth.issuer or first_issuer, environ, key)
        case PassThrough():
            return WithCallersToken(auth)
        case MasterUser():
            return AsMasterUser(auth, environ, key)
        case Linked():
            return None
        case _:
            assert_never(auth)


def _warn(provider: Provider) -> None:
    """What an operator must not overlook."""
    if isinstance(provider.auth, MasterUser):
        _log.warning("a master user opens every account of this provider", provider=provider.name)
    if provider.imap.tls == "none":
        _log.warning("connections to this provider are not encrypted", provider=provider.name)


def _warn_of_issuers(issuers: Sequence[Issuer]) -> None:
    """Of several issuers, each can name every account of the domains that it is not kept out of."""
    for issuer in issuers:
        if "*" in issuer.domains:
            _log.warning("one of several issuers may name accounts of any domain", issuer=issuer.issuer)
