"""A request's Authorization header in, a principal out: the asynchronous counterpart of Authlib's ResourceProtector."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NoReturn

import httpx
from authlib.oauth2.rfc6750 import InvalidTokenError

from gateway.errors import Unauthenticated, Unavailable
from gateway.identity.access_token import AccessToken
from gateway.identity.cache import VerifiedTokens
from gateway.identity.credentials import Credentials, Presented, read_credentials
from gateway.identity.nonce import Nonces
from gateway.identity.principal import Principal
from gateway.identity.proof import Bound, Proofs
from gateway.identity.refusal import TokenRefused
from gateway.identity.secrets import IdentitySecrets
from gateway.identity.token import is_jwt, take_apart
from gateway.identity.trusted import Trusted, World
from gateway.metrics import Metrics, TokenRefusal
from gateway.secret import Secret
from gateway.settings.model import Issuer

_KINDS: Mapping[str | None, TokenRefusal] = MappingProxyType(
    {
        None: "missing",
        "invalid_request": "malformed",
        "invalid_dpop_proof": "proof",
        "use_dpop_nonce": "nonce",
    }
)
_TOLD = ""  # the key version of what an issuer told, and no key verified


class Authenticator:
    """Built once. ``clock`` gives seconds since the epoch; ``http`` is used to ask issuers, and nobody else.

    ``secrets`` are needed for introspection and nonces only.
    """

    def __init__(
        self,
        issuers: Sequence[Issuer],
        http: httpx.AsyncClient,
        clock: Callable[[], float],
        *,
        metrics: Metrics | None = None,
        secrets: IdentitySecrets | None = None,
    ) -> None:
        self._clock = clock
        self._metrics = metrics
        self._verified = VerifiedTokens()
        kept = secrets or IdentitySecrets()
        world = World(http, clock, kept, metrics)
        self._trusted = {issuer.issuer: world.trust(issuer) for issuer in issuers}
        self._asked = next((each for each in self._trusted.values() if each.opaque is not None), None)
        self._takes_bound = any(each.dpop != "off" for each in issuers)
        self._proofs = Proofs(clock, Nonces(kept.nonces, clock) if kept.nonces else None)

    async def start(self) -> None:
        """Fetch all issuers' keys and keep them fresh. An issuer that is down is logged, not raised."""
        await asyncio.gather(*(trusted.start() for trusted in self._trusted.values()))

    async def close(self) -> None:
        for trusted in self._trusted.values():
            await trusted.close()

    @property
    def ready(self) -> bool:
        """Whether any issuer's keys are at hand."""
        return any(trusted.keys.version for trusted in self._trusted.values())

    async def authenticate(
        self, authorization: str | Sequence[str] | None, presented: Presented | None = None
    ) -> Principal:
        """The principal of an Authorization header (or of all that a request carries: more than one is refused).

        Raises Unauthenticated, with RFC 6750's or RFC 9449's code and a detail that repeats nothing of the header,
        and Unavailable where the issuer's keys were never to be had, or it can't be asked.
        """
        try:
            sent = read_credentials(authorization, dpop=self._takes_bound)
            principal = await self._principal_of(sent)
            self._check_possession(principal, sent, presented or Presented("", ""))
        except Unauthenticated as error:
            self._count(_KINDS.get(error.code, "invalid"))
            raise
        except Unavailable:
            self._count("no-keys")
            raise
        return principal

    def next_nonce(self, principal: Principal) -> str | None:
        """The nonce that the principal's next proof should hold (RFC 9449 section 8.2), where one is asked for."""
        return self._proofs.nonce if principal.key is not None else None

    async def _principal_of(self, sent: Credentials) -> Principal:
        remembered = self._remembered(sent.token)
        if remembered is not None:
            return remembered
        try:
            return await (self._verify(sent.token) if is_jwt(sent.token) else self._ask(sent.token))
        except Unauthenticated as error:
            error.scheme = sent.scheme
            raise
        except TokenRefused as refused:
            _refuse(refused.reason, sent, refused)
        except InvalidTokenError as invalid:
            _refuse(invalid.description, sent, invalid)

    def _remembered(self, token: str) -> Principal | None:
        entry = self._verified.find(token, self._clock())
        if entry is None or entry.version not in (_TOLD, self._trusted[entry.principal.issuer].keys.version):
            return None
        return entry.principal

    async def _verify(self, token: str) -> Principal:
        signed = take_apart(token)
        issuer = signed.claims.get("iss")
        trusted = self._trusted.get(issuer) if isinstance(issuer, str) else None
        if trusted is None:
            raise TokenRefused("the token is from an issuer that is not trusted")
        if signed.alg not in trusted.issuer.algorithms:
            raise TokenRefused("the token's algorithm is not accepted")
        await trusted.keys.prepare(signed.kid, signed.alg)
        version = trusted.keys.version
        access: AccessToken = trusted.validator.authenticate_token(token)
        return self._accept(trusted, access, token, version)

    async def _ask(self, token: str) -> Principal:
        """An opaque token says nothing of its issuer: the one that is configured for such tokens is asked, or none."""
        trusted = self._asked
        if trusted is None or trusted.opaque is None:
            raise TokenRefused("not a signed JWT")
        return self._accept(trusted, await trusted.opaque.verify(token), token, _TOLD)

    def _accept(self, trusted: Trusted, access: AccessToken, token: str, version: str) -> Principal:
        trusted.validator.validate_token(access, None, None)
        issuer, expires, now = trusted.issuer, access.times.expires, self._clock()
        principal = Principal(
            issuer=issuer.issuer,
            subject=access.subject,
            scopes=access.scopes,
            # Past its exp the token is accepted for the leeway still; what it opens then ends with that.
            expires_at=expires if expires > now else expires + issuer.leeway_seconds,
            claims=MappingProxyType(dict(access.claims)),
            audiences=access.audiences,
            token=Secret(token),
            key=access.key,
        )
        self._verified.keep(token, principal, now, version)
        return principal

    def _check_possession(self, principal: Principal, sent: Credentials, presented: Presented) -> None:
        """A bound token needs its proof, whatever it was sent as; one that is not bound is a bearer token."""
        wanted = self._trusted[principal.issuer].issuer.dpop
        if principal.key is None and wanted == "required":
            _refuse("a token of this issuer has to be bound to a key (DPoP)", sent)
        if principal.key is None and sent.scheme == "DPoP":
            _refuse("the token is not bound to a key", sent)
        if principal.key is None:
            return
        if sent.scheme != "DPoP":
            _refuse("the token is bound to a key: it is no bearer token", sent)
        self._proofs.check(Bound(sent.token, principal.key), presented)

    def _count(self, reason: TokenRefusal) -> None:
        if self._metrics is not None:
            self._metrics.token_refused(reason)


def _refuse(reason: str, sent: Credentials, cause: Exception | None = None) -> NoReturn:
    raise Unauthenticated(reason, code=InvalidTokenError.error, scheme=sent.scheme) from cause
