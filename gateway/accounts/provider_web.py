"""Talking to a provider: its metadata, its keys and its token endpoint; bounded in size and time, no redirects."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote_plus

import httpx
from authlib.oidc.discovery import get_well_known_url
from msgspec import Struct

from gateway.accounts.link_provider import LinkProvider
from gateway.errors import Unavailable
from gateway.settings.url import is_loopback, split_url

DEADLINE: Final = 10.0  # seconds, for one answer
ANSWER_MAX: Final = 512 * 1024  # octets
METADATA_SECONDS: Final = 3600.0
_TOO_BUSY: Final = frozenset({408, 425, 429})


class Metadata(Struct, frozen=True):
    """What OpenID Connect Discovery 1.0 section 3 calls by these names."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    revocation_endpoint: str | None
    userinfo_endpoint: str | None
    iss_in_answers: bool
    basic_auth: bool


class ProviderRefused(Exception):
    """The provider answered a request with an OAuth error (RFC 6749 section 5.2); ``code`` is its name."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ProviderWeb:
    """``clock`` is monotonic seconds. Every method raises Unavailable where there is no usable answer."""

    def __init__(self, http: httpx.AsyncClient, clock: Callable[[], float]) -> None:
        self._http = http
        self._clock = clock
        self._known: dict[str, tuple[Metadata, float]] = {}
        self._keys: dict[str, tuple[Mapping[str, object], float]] = {}

    async def metadata(self, provider: LinkProvider) -> Metadata:
        known = self._known.get(provider.name)
        if known is not None and self._clock() - known[1] < METADATA_SECONDS:
            return known[0]
        url = get_well_known_url(provider.issuer, external=True)
        document = await self._json(self._http.build_request("GET", url))
        if not provider.accepts_issuer(document.get("issuer")):
            raise Unavailable("the provider's metadata is another issuer's")
        found = _metadata(document, loopback=_on_loopback(provider.issuer))
        self._known[provider.name] = (found, self._clock())
        return found

    async def keys(self, provider: LinkProvider, *, again: bool = False) -> Mapping[str, object]:
        """The provider's JWK Set; ``again``: it was fetched before and did not have a key."""
        known = self._keys.get(provider.name)
        if known is not None and not again and self._clock() - known[1] < METADATA_SECONDS:
            return known[0]
        place = (await self.metadata(provider)).jwks_uri
        document = await self._json(self._http.build_request("GET", place))
        self._keys[provider.name] = (document, self._clock())
        return document

    async def ask(self, provider: LinkProvider, url: str, form: Mapping[str, str]) -> Mapping[str, object]:
        """The answer to a form that the gateway sends as its own client. Raises ProviderRefused too."""
        return await self._json(await self._request(provider, url, form))

    async def tell(self, provider: LinkProvider, url: str, form: Mapping[str, str]) -> None:
        """The same where the answer has nothing to say (RFC 7009 section 2.2)."""
        await self._answer(await self._request(provider, url, form))

    async def userinfo(self, url: str, token: str) -> Mapping[str, object]:
        """OpenID Connect Core 1.0 section 5.3."""
        return await self._json(self._http.build_request("GET", url, headers={"Authorization": f"Bearer {token}"}))

    async def _request(self, provider: LinkProvider, url: str, form: Mapping[str, str]) -> httpx.Request:
        client = provider.client_id
        if provider.secret is None:
            return self._http.build_request("POST", url, data={**form, "client_id": client})
        secret = provider.secret.read().reveal()
        if not (await self.metadata(provider)).basic_auth:
            return self._http.build_request("POST", url, data={**form, "client_id": client, "client_secret": secret})
        # each of both encoded as in a form first (RFC 6749 section 2.3.1)
        pair = b64encode(f"{quote_plus(client)}:{quote_plus(secret)}".encode()).decode("ascii")
        return self._http.build_request("POST", url, data=dict(form), headers={"Authorization": f"Basic {pair}"})

    async def _json(self, request: httpx.Request) -> Mapping[str, object]:
        value = _object(await self._answer(request))
        if value is None:
            raise Unavailable("the provider's answer is no JSON object")
        return value

    async def _answer(self, request: httpx.Request) -> bytes:
        try:
            async with asyncio.timeout(DEADLINE):
                status, body = await self._sent(request)
        except TimeoutError as error:
            raise Unavailable("the provider did not answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise Unavailable(f"the provider can't be reached: {type(error).__name__}") from error
        if status == httpx.codes.OK:
            return body
        code = (_object(body) or {}).get("error")
        if 400 <= status < 500 and status not in _TOO_BUSY and isinstance(code, str):
            raise ProviderRefused(code[:64])
        raise Unavailable(f"the provider answered with status {status}")

    async def _sent(self, request: httpx.Request) -> tuple[int, bytes]:
        request.headers.update({"Accept": "application/json", "Accept-Encoding": "identity"})
        response = await self._http.send(request, stream=True, follow_redirects=False)
        try:
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > ANSWER_MAX:
                    raise Unavailable("the provider's answer is too large")
            return response.status_code, bytes(body)
        finally:
            await response.aclose()


def _metadata(document: Mapping[str, object], *, loopback: bool) -> Metadata:
    def place(name: str) -> str | None:
        url = document.get(name)
        parts = split_url(url) if isinstance(url, str) else None
        if parts is None or not isinstance(url, str) or parts.fragment:
            return None
        safe = parts.scheme == "https" or (parts.scheme == "http" and loopback and is_loopback(parts.hostname or ""))
        return url if safe else None

    authorization, token, jwks = place("authorization_endpoint"), place("token_endpoint"), place("jwks_uri")
    if authorization is None or token is None or jwks is None:
        raise Unavailable("the provider's metadata lacks an endpoint that is needed")
    methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Metadata(
        authorization, token, jwks, place("revocation_endpoint"), place("userinfo_endpoint"),
        document.get("authorization_response_iss_parameter_supported") is True,
        isinstance(methods, list) and "client_secret_basic" in methods,
    )  # fmt: skip


def _object(octets: bytes) -> Mapping[str, object] | None:
    try:
        value = json.loads(octets)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _on_loopback(url: str) -> bool:
    parts = split_url(url)
    return parts is not None and is_loopback(parts.hostname or "")
