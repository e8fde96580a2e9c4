"""How a provider lets a caller in: the credential for one of its accounts."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import TypeAlias

from gateway.accounts.account import Caller
from gateway.accounts.exchange import Exchanger
from gateway.accounts.exchanged import ExchangedTokens, Key
from gateway.errors import Forbidden
from gateway.imap.credential import Bearer, Credential, Password, ProxyPassword
from gateway.secret import Reticent
from gateway.settings.kept_secret import Place
from gateway.settings.model import MasterUser, PassThrough, TokenExchange

# What servers read as a separator of master user, host or folder in a user name, whatever separator is configured.
_SEPARATORS = frozenset("*%!/")


class Grant(Reticent, frozen=True):
    """A credential, and when it ends (seconds since the epoch; None: it does not).

    ``renewable``: others can be had for as long as the caller's token is good.
    """

    credential: Credential
    expires_at: float | None
    renewable: bool = False


class WithCallersToken:
    """The caller's own token, where its ``aud`` names the mail server too (RFC 8707, RFC 7628)."""

    def __init__(self, settings: PassThrough) -> None:
        self._settings = settings

    def grant(self, user: str, caller: Caller, gateway_audience: str) -> Grant:
        """Raises Forbidden for a token that was not issued for the mail server: it must not be shown to it.

        Nor is one that is bound to the client's key: the mail server would take it for a bearer token, or refuse it
        as it should (RFC 9449 section 7.2).
        """
        if caller.key is not None:
            raise Forbidden("the token is bound to a key of the client, so it can't open the mail server by itself")
        audience = self._settings.audience or gateway_audience
        if audience not in caller.audiences:
            raise Forbidden("the token was not issued for the mail server: its aud does not name it")
        credential = Bearer(user, caller.token, self._settings.mechanism, own_token=True)
        return Grant(credential, caller.expires_at)


class ByTokenExchange:
    """A token for the mail server, which the issuer gives for the caller's (RFC 8693).

    The caller's may be bound to its key: the gateway has seen the proof, and what it gets is bound to nothing.
    """

    def __init__(self, settings: TokenExchange, exchanger: Exchanger, tokens: ExchangedTokens) -> None:
        self._settings = settings
        self._exchanger = exchanger
        self._tokens = tokens
        self._target = " ".join(filter(None, (settings.audience, settings.resource, settings.scope)))

    async def grant(self, user: str, caller: Caller, *, longest: bool) -> Grant:
        """``longest``: see :meth:`ExchangedTokens.get`. Raises what :meth:`Exchanger.exchange` raises."""
        self._exchanger.check(caller)
        digest = sha256(caller.token.reveal().encode()).hexdigest()
        key = Key(caller.issuer, caller.subject, digest, self._target)
        exchanged = await self._tokens.get(key, lambda: self._exchanger.exchange(caller), longest=longest)
        credential = Bearer(user, exchanged.token, self._settings.mechanism)
        return Grant(credential, min(exchanged.ends_at, caller.expires_at), renewable=True)


class AsMasterUser:
    """A master user's password opens the caller's account."""

    def __init__(self, settings: MasterUser, environ: Mapping[str, str], key: str) -> None:
        self._settings = settings
        place = Place(f"{key}.password", "the master user's password", settings.password_file, settings.password_env)
        self._password = place.open(environ)

    def grant(self, user: str, caller: Caller, gateway_audience: str) -> Grant:
        """Raises Forbidden for a user name that the server could read as another account's."""
        master, separator = self._settings.user, self._settings.separator
        reserved = _SEPARATORS | frozenset(separator)
        if user.lower() == master.lower() or not reserved.isdisjoint(user):
            raise Forbidden("the token's claims name an account that can't be opened this way")
        password = self._password.read()
        if self._settings.style == "authzid":
            return Grant(ProxyPassword(user, master, password), None)
        return Grant(Password(f"{user}{separator}{master}", password), None)


SignIn: TypeAlias = WithCallersToken | ByTokenExchange | AsMasterUser
