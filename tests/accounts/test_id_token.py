"""What an ID token must say before it is believed, and what a provider's metadata must be."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.accounts.id_token import verified
from gateway.accounts.link_provider import MICROSOFT_ANY, LinkProvider
from gateway.accounts.provider_web import ProviderRefused, ProviderWeb
from gateway.errors import Unavailable, Unprocessable
from gateway.settings.model import Endpoint, Linked, Provider
from tests.identity.forge import signed
from tests.servers.tokens import TokenIssuer

ISSUER = "https://login.example.org"
NOW = 1_700_000_000.0


def provider(auth: Linked | None = None) -> LinkProvider:
    auth = auth or Linked(kind="oidc", issuer=ISSUER, client_id="gateway")
    made = Provider(name="oidc", imap=Endpoint(host="imap.example.org"), auth=auth)
    return LinkProvider.of(made, auth, "providers[0].auth", {})


METADATA: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
}


@pytest.fixture
def keys(tmp_path: Path) -> TokenIssuer:
    return TokenIssuer(tmp_path / "keys", issuer=ISSUER)


def streamed(status: int, value: object) -> httpx.Response:
    async def octets() -> AsyncIterator[bytes]:
        yield json.dumps(value).encode()

    return httpx.Response(status, content=octets())


def web(keys: TokenIssuer, **changes: Any) -> ProviderWeb:
    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/keys":
            return streamed(200, keys.jwks())
        if path.endswith("openid-configuration"):
            return streamed(200, {**METADATA, **changes})
        return streamed(changes.get("status", 400), changes.get("body", {"error": "invalid_grant"}))

    return ProviderWeb(httpx.AsyncClient(transport=httpx.MockTransport(answer)), time.monotonic)


def claims(**changes: object) -> dict[str, object]:
    base = {"iss": ISSUER, "aud": "gateway", "sub": "s", "exp": NOW + 60, "nonce": "n", "email": "a@example.org"}
    return {name: value for name, value in {**base, **changes}.items() if value is not None}


def token(keys: TokenIssuer, alg: str = "RS256", **changes: object) -> str:
    key = keys.keys[alg]
    return signed({"alg": alg, "kid": key.kid}, claims(**changes), alg, key)


async def test_who_signed_in(keys: TokenIssuer) -> None:
    for alg in ("RS256", "ES256"):
        found = await verified(token(keys, alg), provider(), web(keys), "n", NOW)
        assert (found.address, found.subject) == ("a@example.org", "s")
    both = token(keys, aud=["gateway", "other"], azp="gateway")
    assert (await verified(both, provider(), web(keys), "n", NOW)).address == "a@example.org"
    unverified = token(keys, email_verified=False)
    assert (await verified(unverified, provider(), web(keys), "n", NOW)).address is None
    named = token(keys, email=None, preferred_username="b@example.org")
    assert (await verified(named, provider(), web(keys), "n", NOW)).address == "b@example.org"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["another", "more"]},
        {"azp": "another"},
        {"exp": NOW - 61},
        {"exp": None},
        {"exp": "soon"},
        {"nonce": "another"},
        {"nonce": None},
    ],
)
async def test_a_token_that_is_not_for_this_sign_in(keys: TokenIssuer, changes: dict[str, Any]) -> None:
    with pytest.raises(Unprocessable, match="not for this sign-in"):
        await verified(token(keys, **changes), provider(), web(keys), "n", NOW)


async def test_a_token_that_the_provider_did_not_sign(keys: TokenIssuer, tmp_path: Path) -> None:
    other = TokenIssuer(tmp_path / "other", issuer=ISSUER)
    good = token(keys)
    unsigned = ".".join([*signed({"alg": "RS256"}, claims(), "RS256", keys.keys["RS256"]).split(".")[:2], ""])
    for forged in (token(other), good[:-4] + "AAAA", unsigned, "a.b.c", "", "no token"):
        with pytest.raises(Unprocessable):
            await verified(forged, provider(), web(keys), "n", NOW)


async def test_keys_that_were_rotated_are_fetched_again(keys: TokenIssuer) -> None:
    reached = web(keys)
    await verified(token(keys), provider(), reached, "n", NOW)
    keys.rotate(withdraw=True)
    await verified(token(keys), provider(), reached, "n", NOW)


def test_microsoft_for_any_tenant_names_the_users_own() -> None:
    any_tenant = provider(Linked(kind="microsoft", client_id="gateway"))
    assert any_tenant.issuer == MICROSOFT_ANY
    assert any_tenant.accepts_issuer("https://login.microsoftonline.com/{tenantid}/v2.0")
    mine = "https://login.microsoftonline.com/11111111-2222/v2.0"
    assert any_tenant.accepts_issuer(mine, {"tid": "11111111-2222"})
    for named, tenant in ((mine, "other"), (mine, None), ("https://evil.example", "x"), (MICROSOFT_ANY, "x")):
        assert not any_tenant.accepts_issuer(named, {"tid": tenant})
    one = provider(Linked(kind="microsoft", client_id="gateway", issuer=mine))
    assert one.accepts_issuer(mine, {"tid": "whatever"})
    assert not one.accepts_issuer("https://login.microsoftonline.com/{tenantid}/v2.0")


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://login.example.org/token"},
        {"token_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": "https://user@login.example.org/keys"},
    ],
)
async def test_metadata_that_is_not_acceptable(keys: TokenIssuer, changes: dict[str, object]) -> None:
    with pytest.raises(Unavailable):
        await web(keys, **changes).metadata(provider())


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, {"error": "invalid_grant"}, "invalid_grant"),
        (401, {"error": "invalid_client"}, "invalid_client"),
        (429, {"error": "invalid_grant"}, None),
        (400, ["no object"], None),
        (500, {"error": "invalid_grant"}, None),
        (302, {}, None),
        (200, ["no object"], None),
    ],
)
async def test_only_the_providers_own_word_is_a_refusal(
    keys: TokenIssuer, status: int, body: object, code: str | None
) -> None:
    reached = web(keys, status=status, body=body)
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    with pytest.raises(ProviderRefused if code else Unavailable) as error:
        await reached.ask(provider(), f"{ISSUER}/token", form)
    if code:
        assert isinstance(error.value, ProviderRefused)
        assert error.value.code == code
