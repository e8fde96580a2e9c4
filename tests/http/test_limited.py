"""Rate limits over HTTP: what is refused, and what every answer says of what is left."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from gateway.settings.model import Rate, Rates

from . import doubles
from .conftest import Gateway, GatewayFactory

FOLDERS = "/v1/accounts/me/folders"
RATES = Rates(
    requests=Rate(per_minute=60, burst=5), bulk=Rate(per_minute=6, burst=1), sign_in=Rate(per_minute=1, burst=1)
)


@pytest.fixture
def limited(gateway_factory: GatewayFactory) -> Gateway:
    return gateway_factory(msgspec.structs.replace(doubles.settings(), rates=RATES))


@pytest.fixture
async def client(limited: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with limited.client() as client:
        yield client


def left(answer: httpx.Response) -> str:
    return answer.headers["ratelimit"]


async def test_every_answer_tells_what_is_left(client: httpx.AsyncClient, limited: Gateway) -> None:
    answer = await client.get(FOLDERS)
    policy = '"requests-caller";q=5;w=5, "requests-account";q=5;w=5'
    assert answer.headers["ratelimit-policy"] == policy
    assert left(answer) == '"requests-caller";r=4;t=1, "requests-account";r=4;t=1'
    missing = await client.get(f"{FOLDERS}/f1/messages", params={"odd": "1"})
    assert (missing.status_code, left(missing)) == (400, '"requests-caller";r=3;t=2')
    elsewhere = await client.get("/v1/accounts/other/folders")
    assert (elsewhere.status_code, left(elsewhere)) == (404, '"requests-caller";r=2;t=3')
    unchanged = await client.get(FOLDERS, headers={"If-None-Match": answer.headers["etag"]})
    assert (unchanged.status_code, left(unchanged)) == (304, '"requests-caller";r=1;t=4, "requests-account";r=3;t=2')


async def test_beyond_it_is_refused_until_the_time_that_is_told(client: httpx.AsyncClient, limited: Gateway) -> None:
    for _ in range(5):
        assert (await client.get(FOLDERS)).status_code == 200
    calls = len(limited.verbs.calls)
    for _ in range(3):
        refused = await client.get(FOLDERS)
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many-requests")
        assert refused.json()["retryable"] is True
        assert refused.headers["retry-after"] == "1"
        assert left(refused) == '"requests-caller";r=0;t=5'
    assert len(limited.verbs.calls) == calls
    limited.clock.now += 1
    assert (await client.get(FOLDERS)).status_code == 200
    metrics = limited.services.metrics.registry
    labels = {"counted": "requests", "whose": "caller"}
    assert metrics.get_sample_value("imapgw_rate_limited_total", labels) == 3


async def test_another_caller_has_a_rate_of_his_own_but_not_another_account(limited: Gateway) -> None:
    async with limited.client(f"{doubles.ALL_SCOPES}+@s1") as one, limited.client(f"{doubles.ALL_SCOPES}+@s2") as two:
        for _ in range(5):
            assert (await one.get(FOLDERS)).status_code == 200
        assert (await two.get("/v1/accounts")).status_code == 200
        refused = await two.get(FOLDERS)
        assert refused.status_code == 429
        assert "for this account" in refused.json()["detail"]


async def test_bulk_work_counts_for_itself(client: httpx.AsyncClient) -> None:
    first = await client.post(f"{FOLDERS}/f1/delete", json={"ids": ["m1"]})
    assert first.status_code == 200
    assert first.headers["ratelimit-policy"] == '"bulk-caller";q=1;w=10, "bulk-account";q=1;w=10'
    refused = await client.post(f"{FOLDERS}/f1/delete", json={"ids": ["m1"]})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
    assert (await client.get(FOLDERS)).status_code == 200


SIGN_INS: tuple[tuple[str, str, object], ...] = (
    ("POST", "/v1/accounts/discover", {"address": "a@b.example"}),
    (
        "POST",
        "/v1/accounts/verify",
        {"address": "a@b.example", "imap": {"host": "b.example", "port": 993, "tls": "implicit"}},
    ),
    ("POST", "/v1/accounts/me/verify", None),
    ("POST", "/v1/accounts", {"address": "a@b.example", "password": "p"}),
    ("POST", "/v1/accounts/link", {"provider": "p", "returnTo": "https://b.example/"}),
    ("POST", "/v1/accounts/link/finish", {"code": "c"}),
    ("PATCH", "/v1/accounts/me", {"password": "p"}),
)


@pytest.mark.parametrize(("method", "path", "body"), SIGN_INS)
async def test_whatever_signs_in_counts_together(limited: Gateway, method: str, path: str, body: object) -> None:
    async with limited.client(f"{doubles.ALL_SCOPES}") as client:
        first = await client.request(method, path, json=body)
        assert first.status_code in (200, 422), first.text  # these doubles link nothing
        assert '"sign-in-caller";q=1;w=60' in first.headers["ratelimit-policy"]
        for again, there, sent in SIGN_INS:
            refused = await client.request(again, there, json=sent)
            assert refused.status_code == 429, there
            assert 0 < int(refused.headers["retry-after"]) <= 60
        label = await client.patch("/v1/accounts/me", json={"label": "mine"})
        assert label.status_code != 429, "that asks no server"


async def test_a_batch_counts_its_operations(client: httpx.AsyncClient) -> None:
    operations = [{"id": str(number), "method": "GET", "path": "folders/f1"} for number in range(6)]
    answer = await client.post("/v1/accounts/me/batch", json={"operations": operations})
    statuses = [result["status"] for result in answer.json()["results"]]
    assert statuses == [200] * 4 + [429] * 2
    assert left(answer).startswith('"requests-caller";r=0')
    assert (await client.get(FOLDERS)).status_code == 429


async def test_a_batch_is_no_way_round_the_rate_of_bulk_work(client: httpx.AsyncClient) -> None:
    bulk = {"method": "POST", "path": "folders/f1/delete", "body": {"ids": ["m1"]}}
    answer = await client.post("/v1/accounts/me/batch", json={"operations": [{"id": "a", **bulk}, {"id": "b", **bulk}]})
    assert [result["status"] for result in answer.json()["results"]] == [200, 429]


@pytest.mark.parametrize(
    ("path", "token"), [("/docs", None), ("/openapi.json", None), (FOLDERS, "bad"), ("/none", None)]
)
async def test_whoever_is_not_known_is_not_counted(limited: Gateway, path: str, token: str | None) -> None:
    async with limited.client(token) as client:
        for _ in range(10):
            answer = await client.get(path)
            assert answer.status_code != 429
            assert "ratelimit" not in answer.headers


async def test_it_can_be_switched_off(gateway_factory: GatewayFactory) -> None:
    off = msgspec.structs.replace(RATES, enabled=False)
    gateway = gateway_factory(msgspec.structs.replace(doubles.settings(), rates=off))
    async with gateway.client() as client:
        for _ in range(10):
            answer = await client.get(FOLDERS)
            assert (answer.status_code, "ratelimit" in answer.headers) == (200, False)


async def test_a_429_is_no_answer_to_keep_for_an_idempotency_key(client: httpx.AsyncClient, limited: Gateway) -> None:
    headers = {"Idempotency-Key": "k1"}
    body = {"ids": ["m1"]}
    await client.post(f"{FOLDERS}/f1/delete", json=body)
    assert (await client.post(f"{FOLDERS}/f1/delete", json=body, headers=headers)).status_code == 429
    limited.clock.now += 10
    assert (await client.post(f"{FOLDERS}/f1/delete", json=body, headers=headers)).status_code == 200
