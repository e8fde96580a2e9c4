"""The application with the real judge of tokens, over doubles of all that is behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from msgspec.structs import replace

from gateway.http.app import create_app
from gateway.http.services import serving
from gateway.identity.authenticator import Authenticator
from gateway.identity.secrets import IdentitySecrets
from gateway.settings.model import Dpop, Issuer, Server, Settings
from tests.http import doubles, doubles_access
from tests.http.conftest import with_state

from .forge import AUDIENCE, ISSUER

PUBLIC = "https://mail.example.org/api"


class Resource:
    """``calls`` are the headers of a request; what comes back is a whole answer."""

    def __init__(
        self,
        issuers: tuple[Issuer, ...],
        clock: Callable[[], float],
        http: httpx.AsyncClient,
        dpop: Dpop | None = None,
        verbs: doubles.Verbs | None = None,
    ) -> None:
        settings = Settings(
            issuers=issuers,
            providers=(doubles_access.PROVIDER,),
            server=Server(public_url=PUBLIC, cors_origins=("https://app.example.org",)),
            dpop=dpop or Dpop(),
        )
        secrets = IdentitySecrets.open(issuers, settings.dpop, {})
        self.authenticator = Authenticator(issuers, http, clock, secrets=secrets)
        services = replace(
            doubles.services(doubles.Clock(), doubles.Hub(), doubles_access.Authenticator(), settings),
            authenticator=self.authenticator,
        )
        self.verbs = verbs
        self._app = with_state(create_app(settings, serving(services)), services)

    async def ask(
        self,
        headers: Mapping[str, str] | list[tuple[str, str]],
        *,
        method: str = "GET",
        path: str = "/v1/accounts/me/folders",
        body: object = None,
    ) -> httpx.Response:
        content = b"" if body is None else json.dumps(body).encode()
        pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
        if body is not None:
            pairs.append(("Content-Type", "application/json"))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self._app), base_url="http://inside:8080") as client:
            return await client.request(method, path, headers=pairs, content=content)


def public(path: str) -> str:
    """The URL that clients call."""
    return f"{PUBLIC}{urlsplit(path).path}"


def issuer(key_file: Path, **changes: object) -> Issuer:
    settings: dict[str, object] = {"issuer": ISSUER, "audience": AUDIENCE, "jwks_file": str(key_file)}
    return Issuer(**(settings | changes))  # type: ignore[arg-type]  # as a file would have it
