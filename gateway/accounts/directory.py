"""Which IMAP accounts a caller has, and how to sign in to them. Nothing is kept: it follows from token and settings."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import assert_never

from gateway.accounts.account import Account, Caller
from gateway.accounts.address import Address
from gateway.accounts.naming import named_address
from gateway.accounts.sign_in import AsMasterUser, SignIn, WithCallersToken
from gateway.accounts.username import username
from gateway.errors import Forbidden, NotFound, Unprocessable
from gateway.imap.endpoint import Endpoint
from gateway.log import logger
from gateway.settings.model import Issuer, Linked, MasterUser, PassThrough, Provider, Settings

_log = logger("gateway.accounts")


@dataclass(frozen=True, slots=True)
class _Served:
    """A provider as it is used. ``sign_in`` is None where users link accounts themselves."""

    provider: Provider
    endpoint: Endpoint
    sign_in: SignIn | None


class Directory:
    """Built once. Raises ConfigurationError where a master user's password can't be had."""

    def __init__(self, settings: Settings, environ: Mapping[str, str] = os.environ) -> None:
        self._issuers = {issuer.issuer: issuer for issuer in settings.issuers}
        self._by_domain: dict[str, _Served] = {}
        if len(settings.issuers) > 1:
            _warn_of_issuers(settings.issuers)
        for index, provider in enumerate(settings.providers):
            served = _Served(provider, _endpoint(provider), _sign_in(provider, environ, f"providers[{index}].auth"))
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
        return [_account(served, served.sign_in, issuer, caller, address)]

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


def _account(served: _Served, sign_in: SignIn, issuer: Issuer, caller: Caller, address: Address) -> Account:
    user = username(served.provider.username, address, caller.subject)
    grant = sign_in.grant(user, caller, issuer.audience)
    return Account(
        id=_account_id(issuer.issuer, served.provider.name, str(address), user),
        address=str(address),
        provider=served.provider,
        endpoint=served.endpoint,
        credential=grant.credential,
        expires_at=grant.expires_at,
    )


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


def _sign_in(provider: Provider, environ: Mapping[str, str], key: str) -> SignIn | None:
    match provider.auth:
        case PassThrough():
            return WithCallersToken(provider.auth)
        case MasterUser():
            return AsMasterUser(provider.auth, environ, key)
        case Linked():
            return None
        case _:
            assert_never(provider.auth)


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
