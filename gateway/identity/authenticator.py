"""A request's Authorization header in, a principal out: the asynchronous counterpart of Authlib's ResourceProtector."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NoReturn

import httpx
from authlib.oauth2.rfc6750 import InvalidTokenError

from gateway.errors import Unauthenticated, Unavailable
from gateway.identity.bearer import bearer_token
from gateway.identity.cache import VerifiedTokens
from gateway.identity.keys import KeySource, key_source
from gateway.identity.principal import Principal
from gateway.identity.refusal import TokenRefused
from gateway.identity.token import SignedToken, take_apart
from gateway.identity.validator import AccessToken, AccessTokenValidator
from gateway.metrics import Metrics, TokenRefusal
from gateway.secret import Secret
from gateway.settings.model import Issuer

_KINDS: Mapping[str | None, TokenRefusal] = MappingProxyType({None: "missing", "invalid_request": "malformed"})


@dataclass(frozen=True, slots=True)
class _Trusted:
    """An issuer with its keys and its validator."""

    issuer: Issuer
    keys: KeySource
    validator: AccessTokenValidator


class Authenticator:
    """Built once. ``clock`` gives seconds since the epoch; ``http`` is used for discovery and keys only."""

    def __init__(
        self,
        issuers: Sequence[Issuer],
        http: httpx.AsyncClient,
        clock: Callable[[], float],
        *,
        metrics: Metrics | None = None,
    ) -> None:
        self._clock = clock
        self._metrics = metrics
        self._verified = VerifiedTokens()
        self._trusted = {issuer.issuer: self._trust(issuer, http) for issuer in issuers}

    async def start(self) -> None:
        """Fetch all issuers' keys and keep them fresh. An issuer that is down is logged, not raised."""
        await asyncio.gather(*(trusted.keys.start() for trusted in self._trusted.values()))

    async def close(self) -> None:
        for trusted in self._trusted.values():
            await trusted.keys.close()

    @property
    def ready(self) -> bool:
        """Whether any issuer's keys are at hand."""
        return any(trusted.keys.version for trusted in self._trusted.values())

    async def authenticate(self, authorization: str | Sequence[str] | None) -> Principal:
        """The principal of an Authorization header (or of all that a request carries: more than one is refused).

        Raises Unauthenticated, with RFC 6750's code and a detail that repeats nothing of the header, and Unavailable
        where the issuer's keys were never to be had.
        """
        try:
            token = bearer_token(authorization)
            return self._remembered(token) or await self._verify(token)
        except Unauthenticated as error:
            self._count(_KINDS.get(error.code, "invalid"))
            raise
        except Unavailable:
            self._count("no-keys")
            raise

    def _remembered(self, token: str) -> Principal | None:
        entry = self._verified.find(token, self._clock())
        if entry is None or entry.version != self._trusted[entry.principal.issuer].keys.version:
            return None
        return entry.principal

    async def _verify(self, token: str) -> Principal:
        try:
            signed = take_apart(token)
        except TokenRefused as refused:
            _refuse(refused.reason, refused)
        trusted = self._issuer_of(signed)
        if signed.alg not in trusted.issuer.algorithms:
            raise Unauthenticated("the token's algorithm is not accepted", code="invalid_token")
        await trusted.keys.prepare(signed.kid, signed.alg)
        version = trusted.keys.version
        try:
            access: AccessToken = trusted.validator.authenticate_token(token)
            trusted.validator.validate_token(access, None, None)
        except InvalidTokenError as invalid:
            _refuse(invalid.description, invalid)
        principal = self._principal(trusted.issuer, access, token)
        self._verified.keep(token, principal, self._clock(), version)
        return principal

    def _issuer_of(self, signed: SignedToken) -> _Trusted:
        issuer = signed.claims.get("iss")
        if not isinstance(issuer, str) or issuer not in self._trusted:
            raise Unauthenticated("the token is from an issuer that is not trusted", code="invalid_token")
        return self._trusted[issuer]

    def _principal(self, issuer: Issuer, access: AccessToken, token: str) -> Principal:
        expires = access.times.expires
        # Past its exp the token is accepted for the leeway still; what it opens then ends with that.
        until = expires if expires > self._clock() else expires + issuer.leeway_seconds
        return Principal(
            issuer=issuer.issuer,
            subject=access.subject,
            scopes=access.scopes,
            expires_at=until,
            claims=MappingProxyType(dict(access.claims)),
            audiences=access.audiences,
            token=Secret(token),
        )

    def _trust(self, issuer: Issuer, http: httpx.AsyncClient) -> _Trusted:
        on_fetch = self._metrics.keys_fetched if self._metrics else None
        keys = key_source(issuer.jwks_file, issuer.issuer, http, self._clock, on_fetch)
        return _Trusted(issuer, keys, AccessTokenValidator(issuer, keys.at_hand, self._clock))

    def _count(self, reason: TokenRefusal) -> None:
        if self._metrics is not None:
            self._metrics.token_refused(reason)


def _refuse(reason: str, cause: Exception) -> NoReturn:
    raise Unauthenticated(reason, code=InvalidTokenError.error) from cause
