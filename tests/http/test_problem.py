"""Every error becomes one problem, wherever it was raised."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from starlette.types import Scope

from gateway.errors import (
    ConnectionLost,
    DeadlinePassed,
    GatewayError,
    IdExpired,
    InvalidRequest,
    NotFound,
    Refused,
    SignInRefused,
    TooManyRequests,
    Unavailable,
    replies,
)
from gateway.http.base import base_url
from gateway.http.challenge import challenge
from gateway.settings.model import Server

from . import doubles
from .conftest import Gateway

METADATA = "https://mail.example.org/.well-known/oauth-protected-resource"


async def test_the_shape(client: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.verbs.fails = NotFound("no such folder", field="folder")
    answer = await client.get("/v1/accounts/me/folders/AbC", headers={"X-Request-Id": "r-1"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "type": "/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "no such folder",
        "instance": "/v1/accounts/me/folders/AbC",
        "requestId": "r-1",
        "retryable": False,
        "field": "folder",
    }


@pytest.mark.parametrize(
    ("error", "status", "slug", "retry_after"),
    [
        (InvalidRequest("x", field="y"), 400, "invalid-request", None),
        (IdExpired(), 410, "id-expired", None),
        (TooManyRequests(), 429, "too-many-requests", "2"),
        (Unavailable(retry_after=7.4), 503, "unavailable", "7"),
        (ConnectionLost(), 502, "upstream-lost", None),
        (DeadlinePassed(), 504, "upstream-timeout", None),
        (Refused("over", code="OVERQUOTA"), 507, "over-quota", None),
        (Refused("busy", code="INUSE"), 409, "in-use", "3"),
        (Refused("what?", status="BAD"), 500, "gateway-fault", None),
        (SignInRefused(), 403, "account-reauth-required", None),
        (SignInRefused(own_token=True), 401, "upstream-token-refused", None),
    ],
)
async def test_each_error_has_its_reply(
    client: httpx.AsyncClient, gateway: Gateway, error: GatewayError, status: int, slug: str, retry_after: str | None
) -> None:
    gateway.verbs.fails = error
    answer = await client.get("/v1/accounts/me/folders")
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (status, f"/problems/{slug}")
    assert answer.headers.get("retry-after") == retry_after
    assert problem.get("imapCode") == error.imap_code
    assert ("www-authenticate" in answer.headers) is (status in (401, 403))


async def test_what_nobody_expected_tells_nothing(
    client: httpx.AsyncClient, gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    gateway.verbs.fails = KeyError("canary-subject")
    answer = await client.get("/v1/accounts/me/folders")
    assert answer.status_code == 500
    assert answer.json()["type"] == "/problems/internal"
    shown = capsys.readouterr()
    assert "canary" not in answer.text + shown.out + shown.err
    assert "KeyError" in shown.out + shown.err


async def test_no_token(gateway: Gateway) -> None:
    async with gateway.client(None) as client:
        answer = await client.get("/v1/accounts")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == f'Bearer scope="mail.metadata", resource_metadata="{METADATA}"'


async def test_a_bad_token(gateway: Gateway) -> None:
    async with gateway.client("bad") as client:
        answer = await client.get("/v1/accounts")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == (
        'Bearer error="invalid_token", error_description="the token is \'odd\'", '
        f'scope="mail.metadata", resource_metadata="{METADATA}"'
    )


async def test_a_token_without_the_scope(gateway: Gateway) -> None:
    async with gateway.client("mail.metadata") as client:
        answer = await client.put("/v1/accounts/me/messages/m1/flags/$seen")
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/insufficient-scope"
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    assert 'scope="mail.modify"' in answer.headers["www-authenticate"]
    assert not gateway.verbs.calls


async def test_unknown_routes_and_methods(client: httpx.AsyncClient) -> None:
    missing = await client.get("/v1/nothing")
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/not-found")
    slash = await client.get("/v1/accounts/")
    assert slash.status_code == 404
    wrong = await client.patch("/v1/accounts/me/folders")
    assert (wrong.status_code, wrong.json()["type"]) == (405, "/problems/method-not-allowed")
    assert wrong.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    options = await client.options("/v1/accounts/me/messages/m1")
    assert (options.status_code, options.headers["allow"]) == (204, "DELETE, GET, HEAD, OPTIONS")


async def test_every_type_leads_somewhere(client: httpx.AsyncClient) -> None:
    for reply in replies().values():
        described = await client.get(f"/problems/{reply.type}")
        assert described.json()["status"] == reply.status
    assert (await client.get("/problems/no-such")).status_code == 404


@given(st.text(), st.text())
def test_nothing_breaks_out_of_a_challenge(description: str, scope: str) -> None:
    header = challenge("https://mail.example.org", "invalid_token", description, scope)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') % 2 == 0
    assert header.count('"') <= 8


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(host=st.binary(max_size=40))
async def test_a_strange_host_does_not_get_into_links(gateway: Gateway, host: bytes) -> None:

    unnamed = replace(gateway.services, settings=doubles.settings(server=Server()))
    scope: Scope = {
        "type": "http",
        "headers": [(b"host", host)],
        "server": ("10.0.0.1", 80),
        "scheme": "http",
        "state": {"services": unnamed},
    }
    url = base_url(scope)
    assert not set(url) & set(' "<>\\\r\n/') - {"/"}
    assert url.count("/") == 2
