"""What every request passes: its id, log line, measurement, headers, and other origins."""

from __future__ import annotations

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.settings.model import Server

from . import doubles
from .conftest import Gateway, GatewayFactory

ORIGIN = "https://app.example.org"
FOLDER = "/v1/accounts/me/folders/AbC"


@pytest.mark.parametrize("sent", ["abc-1", "A.b_c~9", "x" * 64])
async def test_a_sane_request_id_is_kept(client: httpx.AsyncClient, sent: str) -> None:
    answer = await client.get("/v1/accounts", headers={"X-Request-Id": sent})
    assert answer.headers["x-request-id"] == sent


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, "a\tb", 'a"b'])
async def test_another_one_is_replaced(client: httpx.AsyncClient, sent: str) -> None:
    answers = [await client.get("/v1/accounts", headers={"X-Request-Id": sent}) for _ in range(2)]
    ids = {answer.headers["x-request-id"] for answer in answers}
    assert len(ids) == 2
    assert sent not in ids


async def test_the_log_holds_templates_only(client: httpx.AsyncClient, gateway: Gateway) -> None:
    with capture_logs() as logged:
        await client.get(FOLDER + "?canary=1", headers={"X-Request-Id": "r-1"})
        await client.get("/canary")
        await client.put("/v1/accounts/me/messages/canary/flags/canary")
    assert "canary" not in str(logged)
    assert "AbC" not in str(logged)
    lines = [line for line in logged if line["event"] == "request"]
    assert [(line["route"], line["status"]) for line in lines] == [
        ("/v1/accounts/{account}/folders/{folder}", 400),
        ("(no route)", 404),
        ("/v1/accounts/{account}/messages/{message}/flags/{flag}", 200),
    ]


async def test_requests_are_counted_by_template(client: httpx.AsyncClient, gateway: Gateway) -> None:
    for _ in range(3):
        await client.get(FOLDER)
    text = gateway.services.metrics.exposition().decode()
    labels = 'method="GET",route="/v1/accounts/{account}/folders/{folder}",status="200"'
    assert f"imapgw_http_requests_total{{{labels}}} 3.0" in text
    assert "AbC" not in text


async def test_headers_of_every_answer(client: httpx.AsyncClient) -> None:
    for path in ("/v1/accounts", "/nothing", "/openapi.json"):
        answer = await client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "cache-control" in answer.headers


async def test_no_origin_may_call_until_configured(client: httpx.AsyncClient) -> None:
    for method in ("GET", "OPTIONS"):
        headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
        answer = await client.request(method, "/v1/accounts", headers=headers)
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_a_configured_origin(gateway_factory: GatewayFactory) -> None:
    gateway = gateway_factory(doubles.settings(server=Server(cors_origins=(ORIGIN,))))
    async with gateway.client() as client:
        preflight = await client.options(FOLDER, headers={"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"})
        answer = await client.get("/v1/accounts", headers={"Origin": ORIGIN})
        failed = await client.get("/v1/accounts?x=1", headers={"Origin": ORIGIN})
        other = await client.get("/v1/accounts", headers={"Origin": "https://evil.example.org"})
        none = await client.get("/v1/accounts")
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    assert "PATCH" in preflight.headers["access-control-allow-methods"]
    assert "Idempotency-Key" in preflight.headers["access-control-allow-headers"]
    for name in ("ETag", "Link", "Retry-After", "Location", "X-Request-Id"):
        assert name in answer.headers["access-control-expose-headers"]
    assert failed.headers["access-control-allow-origin"] == ORIGIN
    assert "access-control-allow-origin" not in other.headers
    assert "access-control-allow-origin" not in none.headers
    assert "Origin" in none.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_preflight_needs_no_token(gateway_factory: GatewayFactory) -> None:
    gateway = gateway_factory(doubles.settings(server=Server(cors_origins=(ORIGIN,))))
    async with gateway.client(None) as client:
        headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
        assert (await client.options("/v1/accounts", headers=headers)).status_code == 204
