"""Asking an issuer what an opaque token is (RFC 7662 section 2)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from urllib.parse import quote_plus

import httpx

from gateway.identity.discovery import discover
from gateway.identity.fetch import FetchFailed, send
from gateway.identity.refusal import TokenRefused
from gateway.identity.token import json_object
from gateway.settings.kept_secret import KeptSecret
from gateway.settings.model import Introspection

DISCOVERY_LIFETIME = 86_400.0  # seconds


class IntrospectionEndpoint:
    """One issuer's. The gateway shows who it is by a client of its own (RFC 7662 section 2.1)."""

    def __init__(
        self,
        issuer: str,
        settings: Introspection,
        secret: KeptSecret,
        http: httpx.AsyncClient,
        clock: Callable[[], float],
    ) -> None:
        self._issuer = issuer
        self._settings = settings
        self._secret = secret
        self._http = http
        self._clock = clock
        self._found: tuple[str, float] | None = None  # the endpoint, and when it was discovered

    async def ask(self, token: str) -> Mapping[str, object]:
        """The issuer's answer, with ``active`` true or false. Raises FetchFailed where there is no usable one."""
        request = self._request(await self._endpoint(), token)
        try:
            document = await send(self._http, request)
        except FetchFailed:
            self._found = None  # it may have moved
            raise
        try:
            answer = json_object(document.body)
        except TokenRefused as refused:
            raise FetchFailed("the answer is not well-formed JSON") from refused
        if not isinstance(answer.get("active"), bool):
            raise FetchFailed("the answer does not say whether the token is active")
        return answer

    async def _endpoint(self) -> str:
        if self._settings.endpoint is not None:
            return self._settings.endpoint
        now = self._clock()
        if self._found is None or not 0 <= now - self._found[1] < DISCOVERY_LIFETIME:
            self._found = (await discover(self._http, self._issuer, "introspection_endpoint"), now)
        return self._found[0]

    def _request(self, url: str, token: str) -> httpx.Request:
        """Raises Unavailable where the secret can't be read."""
        form = {"token": token, "token_type_hint": "access_token"}
        client, secret = self._settings.client_id, self._secret.read().reveal()
        if self._settings.client_auth == "post":
            return self._http.build_request("POST", url, data={**form, "client_id": client, "client_secret": secret})
        # each of both encoded as in a form first (RFC 6749 section 2.3.1)
        pair = b64encode(f"{quote_plus(client)}:{quote_plus(secret)}".encode()).decode("ascii")
        return self._http.build_request("POST", url, data=form, headers={"Authorization": f"Basic {pair}"})
