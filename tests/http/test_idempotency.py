"""Idempotency keys: the store by itself, and a POST that carries one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from gateway.errors import (
    Conflict,
    ConnectionLost,
    GatewayError,
    Refused,
    Unavailable,
    WriteInDoubt,
)
from gateway.http.endpoint import AnyEndpoint
from gateway.http.idempotency import IdempotencyKey, MemoryIdempotency, SavedReply
from gateway.http.idempotent import ANSWER_MAX, serve_once
from gateway.http.table import openapi, table
from gateway.settings.model import Limits

from . import doubles
from .conftest import Gateway

MOVE = "/v1/accounts/me/messages/m1/move"
STORE = "/v1/accounts/me/folders/inbox/messages"
KEY = {"Idempotency-Key": "k-1"}
BODY = {"folder": "archive"}


def key(value: str) -> IdempotencyKey:
    return IdempotencyKey("https://issuer.example.org", "subject", "POST /x", value)


def saved(body: bytes = b"{}") -> SavedReply:
    return SavedReply(b"print", 200, (), body)


async def test_a_key_is_claimed_once() -> None:
    store = MemoryIdempotency(doubles.Clock())
    assert await store.begin(key("a")) is None
    with pytest.raises(Conflict):
        await store.begin(key("a"))
    assert await store.begin(key("b")) is None
    await store.finish(key("a"), saved())
    assert await store.begin(key("a")) == saved()


async def test_a_released_key_can_be_claimed_again() -> None:
    store = MemoryIdempotency(doubles.Clock())
    assert await store.begin(key("a")) is None
    await store.release(key("a"))
    assert await store.begin(key("a")) is None


async def test_answers_are_forgotten_after_their_time() -> None:
    clock = doubles.Clock()
    store = MemoryIdempotency(clock, ttl=10)
    await store.begin(key("a"))
    await store.finish(key("a"), saved())
    clock.now += 9.9
    assert await store.begin(key("a")) == saved()
    clock.now += 0.2
    assert await store.begin(key("a")) is None


async def test_it_is_bounded() -> None:
    store = MemoryIdempotency(doubles.Clock(), max_entries=10, max_octets=100_000)
    for number in range(50):
        await store.begin(key(str(number)))
        await store.finish(key(str(number)), saved(b"x" * 1000))
    assert await store.begin(key("49")) is not None
    assert await store.begin(key("0")) is None
    assert "10 kept" in repr(store)
    await store.finish(key("0"), saved(b"x" * 99_000))
    assert "1 kept" in repr(store)


async def test_claims_are_bounded() -> None:
    store = MemoryIdempotency(doubles.Clock(), max_entries=2)
    await store.begin(key("a"))
    await store.begin(key("b"))
    with pytest.raises(Unavailable):
        await store.begin(key("c"))


async def test_the_first_answer_is_replayed(client: httpx.AsyncClient, gateway: Gateway) -> None:
    first = await client.post(MOVE, json=BODY, headers=KEY)
    again = await client.post(MOVE, json=BODY, headers=KEY)
    assert (again.status_code, again.content) == (first.status_code, first.content) == (200, b'{"id":"m2"}')
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert len(gateway.verbs.calls) == 1


@pytest.mark.parametrize(
    ("path", "body"), [(MOVE, {"folder": "trash"}), ("/v1/accounts/me/messages/m2/move", BODY), (MOVE + "?x=1", BODY)]
)
async def test_another_request_with_the_key_is_refused(
    client: httpx.AsyncClient, gateway: Gateway, path: str, body: dict[str, str]
) -> None:
    await client.post(MOVE, json=BODY, headers=KEY)
    other = await client.post(path, json=body, headers=KEY)
    assert (other.status_code, other.json()["field"]) == (422, "Idempotency-Key")
    assert len(gateway.verbs.calls) == 1


@pytest.mark.parametrize("endpoint", [one for one in table(Limits()) if one.method == "POST"], ids=lambda one: one.path)
async def test_every_post_takes_a_key(endpoint: AnyEndpoint, client: httpx.AsyncClient) -> None:
    """All that are unsafe, but the tickets: each answer is a new one, and none is remembered."""
    path = endpoint.path.format(account="me", folder="inbox", message="m1")
    documented = openapi()["paths"][endpoint.path]["post"]["parameters"]
    assert ("Idempotency-Key" in {one["name"] for one in documented}) == endpoint.replayed
    assert endpoint.replayed or endpoint.repeatable or path.endswith("/tickets")
    refused = await client.post(path, content=b"{}", headers={"Idempotency-Key": "two words"})
    assert (refused.json().get("field") == "Idempotency-Key") == endpoint.replayed


async def test_another_caller_or_route_has_keys_of_its_own(gateway: Gateway) -> None:
    for scopes in ("mail.modify+@one", "mail.modify+@two"):
        async with gateway.client(scopes) as client:
            for verb in ("move", "copy"):
                answer = await client.post(f"/v1/accounts/me/messages/m1/{verb}", json=BODY, headers=KEY)
                assert "idempotency-replayed" not in answer.headers
    assert len(gateway.verbs.calls) == 4


async def test_while_one_is_served_another_is_refused(client: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.verbs.gate = asyncio.Event()
    first = asyncio.create_task(client.post(MOVE, json=BODY, headers=KEY))
    await gateway.verbs.entered.wait()
    second = await client.post(MOVE, json=BODY, headers=KEY)
    assert (second.status_code, second.headers["retry-after"]) == (409, "1")
    gateway.verbs.gate.set()
    assert (await first).status_code == 200
    assert (await client.post(MOVE, json=BODY, headers=KEY)).headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize(
    "error",
    [Refused("no", code="TRYCREATE"), Refused("no", code="OVERQUOTA"), WriteInDoubt(), ConnectionLost(maybe_done=True)],
)
async def test_a_lasting_failure_is_replayed(client: httpx.AsyncClient, gateway: Gateway, error: GatewayError) -> None:
    gateway.verbs.fails = error
    first = await client.post(MOVE, json=BODY, headers=KEY)
    gateway.verbs.fails = None
    again = await client.post(MOVE, json=BODY, headers=KEY)
    assert (again.status_code, again.json()["type"]) == (first.status_code, first.json()["type"])
    assert again.status_code == error.answer().status
    assert len(gateway.verbs.calls) == 1


@pytest.mark.parametrize(
    "error", [Unavailable(), Refused("", code="INUSE"), ConnectionLost(), Refused("", code="NOPERM")]
)
async def test_a_passing_failure_can_be_tried_again(
    client: httpx.AsyncClient, gateway: Gateway, error: GatewayError
) -> None:
    gateway.verbs.fails = error
    assert (await client.post(MOVE, json=BODY, headers=KEY)).status_code == error.answer().status
    gateway.verbs.fails = None
    assert (await client.post(MOVE, json=BODY, headers=KEY)).status_code == 200


@pytest.mark.parametrize("error", [RuntimeError("defect"), asyncio.CancelledError()])
async def test_what_broke_off_is_in_doubt(client: httpx.AsyncClient, gateway: Gateway, error: BaseException) -> None:
    gateway.verbs.fails = error
    first = asyncio.create_task(client.post(MOVE, json=BODY, headers=KEY))
    await asyncio.wait([first])
    gateway.verbs.fails = None
    again = await client.post(MOVE, json=BODY, headers=KEY)
    assert (again.status_code, again.json()["type"]) == (503, "/problems/write-in-doubt")
    assert again.json()["retryable"] is False
    assert len(gateway.verbs.calls) == 1
    if not first.cancelled():
        assert first.result().status_code == 500


async def test_of_an_answer_that_is_too_long_it_is_kept_that_there_was_one(
    client: httpx.AsyncClient, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.http.idempotent.ANSWER_MAX", len(b'{"id":"m2"}'))
    assert (await client.post(MOVE, json=BODY, headers=KEY)).status_code == 200
    assert (await client.post(MOVE, json=BODY, headers=KEY)).status_code == 200
    monkeypatch.setattr("gateway.http.idempotent.ANSWER_MAX", len(b'{"id":"m2"}') - 1)
    other = {"Idempotency-Key": "k-2"}
    first = await client.post(MOVE, json=BODY, headers=other)
    assert (first.status_code, first.json()) == (200, {"id": "m2"})
    calls = len(gateway.verbs.calls)
    for _ in range(2):
        again = await client.post(MOVE, json=BODY, headers=other)
        problem = again.json()
        assert (again.status_code, problem["type"], problem["retryable"]) == (409, "/problems/conflict", False)
        assert "was carried out" in problem["detail"]
        assert again.headers["idempotency-replayed"] == "true"
    assert len(gateway.verbs.calls) == calls
    assert (await client.post(MOVE, json={"folder": "trash"}, headers=other)).status_code == 422


@pytest.mark.parametrize("complete", [True, False])
async def test_a_streamed_answer_is_not_gathered_beyond_the_bound(complete: bool) -> None:
    """Whole or broken off: what is kept is small, and was never much more than the bound."""
    held: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        recorder = send.__self__  # type: ignore[attr-defined]
        for _ in range(20):
            await send({"type": "http.response.body", "body": bytes(ANSWER_MAX // 3), "more_body": True})
            held.append(len(recorder.body))
        await send({"type": "http.response.body", "body": b"", "more_body": not complete})

    async def receive() -> Message:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    passed: list[Message] = []

    async def send(message: Message) -> None:
        passed.append(message)

    store = MemoryIdempotency(doubles.Clock())
    scope = {"type": "http", "method": "POST", "path": "/x", "query_string": b"", "headers": []}
    await serve_once(app, scope, receive, send, key=key("a"), store=store)
    assert max(held) <= ANSWER_MAX
    assert held[-1] == 0
    assert sum(len(message.get("body", b"")) for message in passed) == 20 * (ANSWER_MAX // 3)
    kept = await store.begin(key("a"))
    assert kept is not None
    assert kept.status == (409 if complete else 503)
    assert kept.octets() < 2_000


async def test_an_upload_is_hashed_as_it_goes(client: httpx.AsyncClient, gateway: Gateway) -> None:
    async def pieces(content: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(content), 1000):
            yield content[start : start + 1000]

    message = b"Subject: x\r\n\r\n" + b"y" * 20_000
    headers = {**KEY, "Content-Type": "message/rfc822"}
    sized = {**headers, "Content-Length": str(len(message))}
    first = await client.post(STORE, content=pieces(message), headers=sized)
    again = await client.post(STORE, content=message, headers=headers)
    assert first.status_code == again.status_code == 201
    assert again.headers["location"] == first.headers["location"]
    assert len(gateway.verbs.calls) == 1
    other = await client.post(STORE, content=message[:-1] + b"z", headers=headers)
    assert other.status_code == 422


async def test_a_refusal_before_the_body_was_read_keeps_nothing(client: httpx.AsyncClient, gateway: Gateway) -> None:
    wrong = await client.post(MOVE + "?x=1", json=BODY, headers=KEY)
    assert wrong.status_code == 400
    assert (await client.post(MOVE, json=BODY, headers=KEY)).status_code == 200


@pytest.mark.parametrize("value", [b"", b"a b", b"x" * 256, b"\xc3\xa9"])
async def test_strange_keys_are_refused(client: httpx.AsyncClient, value: bytes) -> None:
    answer = await client.post(MOVE, json=BODY, headers=[(b"Idempotency-Key", value)])
    assert (answer.status_code, answer.json()["field"]) == (400, "Idempotency-Key")


async def test_a_read_has_no_key(client: httpx.AsyncClient) -> None:
    for _ in range(2):
        answer = await client.get("/v1/accounts", headers=KEY)
        assert "idempotency-replayed" not in answer.headers
