"""The authorization-code flow with PKCE at a provider (RFC 6749 section 4.1, RFC 7636), and what follows from it."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

from gateway.accounts.begun import new_word
from gateway.accounts.id_token import Identity, verified
from gateway.accounts.link_provider import LinkProvider
from gateway.accounts.provider_web import ProviderRefused, ProviderWeb
from gateway.errors import Unavailable, Unprocessable
from gateway.secret import Secret

LIFETIME_UNKNOWN: Final = 600.0
"""Seconds that an access token is used where the provider does not say how long it lives."""
_TOKEN_MAX: Final = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """``lifetime`` is in seconds from now. ``refresh`` is None where none was sent."""

    access: Secret = field(repr=False)
    refresh: Secret | None = field(repr=False)
    lifetime: float
    id_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Question:
    """The URL that the browser is sent to, but for its ``state``; and what has to be remembered of it."""

    parameters: Mapping[str, str] = field(repr=False)
    endpoint: str
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)

    def url(self, state: str) -> str:
        separator = "&" if "?" in self.endpoint else "?"
        return f"{self.endpoint}{separator}{urlencode({**self.parameters, 'state': state})}"


class CodeFlow:
    """``clock`` is in seconds since the epoch."""

    def __init__(self, web: ProviderWeb, redirect_uri: str, clock: Callable[[], float]) -> None:
        self.web = web
        self._redirect_uri = redirect_uri
        self._clock = clock

    async def question(self, provider: LinkProvider, address: str | None) -> Question:
        """Raises Unavailable."""
        metadata = await self.web.metadata(provider)
        verifier, nonce = new_word(), new_word()
        challenge = urlsafe_b64encode(sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")
        parameters = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": self._redirect_uri,
            "scope": " ".join(provider.scopes),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "nonce": nonce,
            **provider.parameters,
        }
        if address is not None:
            parameters["login_hint"] = address
        if provider.resource is not None:
            parameters["resource"] = provider.resource
        return Question(parameters, metadata.authorization_endpoint, verifier, nonce)

    async def check_issuer(self, provider: LinkProvider, issuer: str | None) -> None:
        """The answer came from this provider and no other (RFC 9207 section 2.4). Raises Unprocessable."""
        if issuer is None:
            if (await self.web.metadata(provider)).iss_in_answers:
                raise Unprocessable("the provider's answer does not say whose it is", field="iss")
        elif issuer != provider.issuer:
            raise Unprocessable("the answer is another provider's", field="iss")

    async def exchange(self, provider: LinkProvider, code: str, verifier: str) -> Tokens:
        """Raises Unprocessable where the provider refuses the code, Unavailable."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        try:
            return await self._tokens(provider, form)
        except ProviderRefused as refused:
            raise Unprocessable("the provider refused the code", field="code") from refused

    async def refresh(self, provider: LinkProvider, token: Secret) -> Tokens:
        """RFC 6749 section 6. Raises ProviderRefused, Unavailable."""
        return await self._tokens(provider, {"grant_type": "refresh_token", "refresh_token": token.reveal()})

    async def revoke(self, provider: LinkProvider, token: Secret) -> None:
        """Tell the provider that the refresh token is needed no more (RFC 7009 section 2.1), where it can be told."""
        place = (await self.web.metadata(provider)).revocation_endpoint
        if place is not None:
            form = {"token": token.reveal(), "token_type_hint": "refresh_token"}
            try:
                await self.web.tell(provider, place, form)
            except ProviderRefused as refused:
                raise Unavailable("the provider would not revoke the grant") from refused

    async def identity(self, provider: LinkProvider, tokens: Tokens, nonce: str) -> Identity:
        """Who signed in: by the ID token, else by what the provider tells. Raises Unprocessable, Unavailable."""
        if tokens.id_token is None:
            if "openid" in provider.scopes:
                raise Unprocessable("the provider sent no ID token", field="code")
            return Identity(None)
        found = await verified(tokens.id_token, provider, self.web, nonce, self._clock())
        place = (await self.web.metadata(provider)).userinfo_endpoint
        if found.address is None and place is not None:
            try:
                told = await self.web.userinfo(place, tokens.access.reveal())
            except (ProviderRefused, Unavailable):
                return found  # the access token may be for the mail server alone
            if told.get("sub") == found.subject:
                return Identity.of(told)
        return found

    async def _tokens(self, provider: LinkProvider, form: Mapping[str, str]) -> Tokens:
        endpoint = (await self.web.metadata(provider)).token_endpoint
        if provider.resource is not None:
            form = {**form, "resource": provider.resource}
        answer = await self.web.ask(provider, endpoint, form)
        access, refresh, lifetime = answer.get("access_token"), answer.get("refresh_token"), answer.get("expires_in")
        if not isinstance(access, str) or not 0 < len(access) <= _TOKEN_MAX:
            raise Unavailable("the provider's answer has no access token")
        usable = isinstance(refresh, str) and 0 < len(refresh) <= _TOKEN_MAX
        seconds = float(lifetime) if isinstance(lifetime, int | float | str) and _is_number(lifetime) else None
        id_token = answer.get("id_token")
        return Tokens(
            access=Secret(access),
            refresh=Secret(str(refresh)) if usable else None,
            lifetime=LIFETIME_UNKNOWN if seconds is None or seconds <= 0 else seconds,
            id_token=id_token if isinstance(id_token, str) else None,
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and value.isdigit() and len(value) < 10)
