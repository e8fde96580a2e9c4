"""Batches over doubles: what each operation is answered, and in which order."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from gateway.errors import NotFound, PreconditionFailed, WriteInDoubt
from gateway.http.paths import Paths
from gateway.http.table import openapi, table
from gateway.mail.request import Destination, FlagPatch
from gateway.settings.model import Limits

from .conftest import Gateway
from .doubles import TAG

BATCH = "/v1/accounts/me/batch"
TABLE = table(Limits())


def op(id_: str, method: str, path: str, body: object = None, **headers: str) -> dict[str, Any]:
    made: dict[str, Any] = {"id": id_, "method": method, "path": path}
    if body is not None:
        made["body"] = body
    return made | ({"headers": headers} if headers else {})


async def run(client: httpx.AsyncClient, *operations: dict[str, Any], **options: object) -> list[dict[str, Any]]:
    answer = await client.post(BATCH, json={"operations": operations, **options})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    assert [result["id"] for result in results] == [operation["id"] for operation in operations]
    return results


def ref(of: str, path: str) -> dict[str, Any]:
    return {"#ref": {"of": of, "path": path}}


async def test_operations_are_carried_out_in_order_as_by_themselves(
    client: httpx.AsyncClient, gateway: Gateway
) -> None:
    page, flags, made, gone = await run(
        client,
        op("a", "GET", "folders/inbox/messages?limit=7&unseen=true"),
        op("b", "PATCH", "messages/m1/flags", {"add": ["$seen"]}),
        op("c", "POST", "folders", {"name": "New"}),
        op("d", "DELETE", "folders/AbC?force=true"),
    )
    assert (page["status"], page["body"]["messages"][0]["id"], page["etag"]) == (200, "m1", TAG)
    assert (flags["status"], flags["body"], flags["etag"]) == (200, {"flags": ["$seen"]}, '"tag-2"')
    assert (made["status"], made["body"]["id"]) == (201, "f1")
    assert gone == {"id": "d", "status": 204}
    assert [name for name, _ in gateway.verbs.calls] == ["page", "change_flags", "create_folder", "delete_folder"]
    assert gateway.verbs.calls[3][1] == ("AbC", True)
    by_itself = await client.get("/v1/accounts/me/folders/inbox/messages?limit=7&unseen=true")
    assert page["body"] == by_itself.json()


async def test_references_are_resolved(client: httpx.AsyncClient, gateway: Gateway) -> None:
    results = await run(
        client,
        op("page", "GET", "folders/inbox/messages"),
        op("flag", "PUT", "messages/{page:/messages/0/id}/flags/$seen"),
        op("move", "POST", "folders/inbox/move", {"ids": ref("page", "/messages/*/id"), "folder": "archive"}),
        op("one", "POST", "messages/m7/move", {"folder": ref("page", "/messages/0/folderId")}),
    )
    assert [result["status"] for result in results] == [200] * 4
    _, flag, move, one = (arguments for _, arguments in gateway.verbs.calls)
    assert flag == ("m1", FlagPatch(add=["$seen"]), None)
    assert msgspec.to_builtins(move[1]) == {"ids": ["m1"], "folder": "archive"}
    assert one == ("m7", Destination(folder="f1"))


@pytest.mark.parametrize(
    ("operation", "status", "field"),
    [
        (op("x", "POST", "messages/m1/move", {"folder": ref("nobody", "/id")}), 422, "body.folder"),
        (op("x", "POST", "messages/m1/move", {"folder": ref("z", "/id")}), 422, "body.folder"),
        (op("x", "POST", "messages/m1/move", {"folder": ref("a", "/size")}), 422, "body.folder"),
        (op("x", "GET", "messages/{a:/nothing}"), 422, "path"),
        (op("x", "GET", "messages/{x:/id}"), 422, "path"),
        (op("x", "POST", "batch", {"operations": []}), 422, "path"),
        (op("x", "GET", "events"), 422, "path"),
        (op("x", "POST", "events/tickets", {}), 422, "path"),
        (op("x", "GET", "messages/m1/raw"), 422, "path"),
        (op("x", "GET", "messages/m1/parts/1"), 422, "path"),
        (op("x", "POST", "folders/inbox/messages"), 422, "path"),
        (op("x", "POST", "archive-runs", {}), 422, "path"),
        (op("x", "GET", "nowhere"), 404, "path"),
        (op("x", "GET", "../me/folders"), 404, "path"),
        (op("x", "GET", "/folders"), 404, "path"),
        (op("x", "GET", "messages//flags"), 404, "path"),
        (op("x", "PATCH", "messages/m1/move", {}), 405, None),
        (op("x", "GET", "messages/a%2Fb"), 400, "message"),
        (op("x", "GET", "folders/inbox/messages?limti=1"), 400, "limti"),
        (op("x", "GET", "folders/inbox/messages?limit=x"), 400, "limit"),
        (op("x", "GET", "folders/in box"), 400, "path"),
        (op("x", "GET", "folders#inbox"), 400, "path"),
        (op("x", "GET", "folders/%ff"), 400, "path"),
        (op("x", "POST", "messages/m1/move", {"folders": "f1"}), 400, "folders"),
        (op("x", "POST", "messages/m1/move"), 400, "body"),
        (op("x", "GET", "messages/m1", {}), 400, "body"),
        (op("x", "GET", "messages/m1", **{"If-Match": TAG}), 400, "headers.If-Match"),
        (op("x", "PATCH", "messages/m1/flags", {"add": ["$seen"]}, **{"If-Match": "no tag"}), 400, "If-Match"),
    ],
)
async def test_an_operation_fails_by_itself(
    client: httpx.AsyncClient, gateway: Gateway, operation: dict[str, Any], status: int, field: str | None
) -> None:
    first, failed, last = await run(client, op("a", "GET", "messages/m1"), operation, op("z", "GET", "folders/inbox"))
    assert (failed["status"], failed["problem"].get("field")) == (status, field), failed
    assert "body" not in failed
    assert failed["problem"]["instance"].startswith("/v1/accounts/me/")
    assert (first["status"], last["status"]) == (200, 200)
    assert [name for name, _ in gateway.verbs.calls] == ["get_message", "get_folder"]


async def test_what_rests_on_a_failed_one_is_not_tried(client: httpx.AsyncClient, gateway: Gateway) -> None:
    results = await run(
        client,
        op("a", "GET", "nowhere"),
        op("b", "GET", "messages/{a:/id}"),
        op("c", "POST", "messages/m1/move", {"folder": ref("b", "/id")}),
        op("d", "GET", "folders/inbox"),
    )
    assert [result["status"] for result in results] == [404, 424, 424, 200]
    assert results[1]["problem"]["type"] == "/problems/dependency-failed"
    assert [name for name, _ in gateway.verbs.calls] == ["get_folder"]


async def test_the_rest_is_not_tried_after_an_error_where_that_is_wanted(
    client: httpx.AsyncClient, gateway: Gateway
) -> None:
    operations = [op("a", "GET", "folders"), op("b", "GET", "nowhere"), op("c", "GET", "folders/inbox")]
    results = await run(client, *operations, stopOnError=True)
    assert [result["status"] for result in results] == [200, 404, 424]
    assert [name for name, _ in gateway.verbs.calls] == ["list_folders"]


async def test_each_operation_needs_its_own_scope(gateway: Gateway) -> None:
    async with gateway.client("mail.metadata") as client:
        results = await run(
            client,
            op("a", "GET", "messages/m1"),
            op("b", "PUT", "messages/m1/flags/$seen"),
            op("c", "GET", "messages/m1/body"),
            op("d", "GET", "folders/inbox/messages?text=secret"),
        )
    assert [result["status"] for result in results] == [200, 403, 403, 403]
    assert "mail.modify" in results[1]["problem"]["detail"]
    assert "preview" not in results[0]["body"]
    async with gateway.client("mail.modify") as client:
        assert (await client.post(BATCH, json={"operations": [op("a", "GET", "folders")]})).status_code == 403


async def test_a_condition_that_fails_tells_the_flags_of_now(client: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.verbs.fails = PreconditionFailed("changed", flags=["$flagged"], etag='"tag-9"')
    (result,) = await run(client, op("a", "PUT", "messages/m1/flags/$seen", **{"If-Match": TAG}))
    assert (result["status"], result["problem"]["flags"], result["etag"]) == (412, ["$flagged"], '"tag-9"')
    assert gateway.verbs.calls[0][1][2] == frozenset({TAG})
    by_itself = await client.put("/v1/accounts/me/messages/m1/flags/$seen", headers={"If-Match": TAG})
    assert (by_itself.status_code, by_itself.json()["flags"]) == (412, ["$flagged"])
    assert by_itself.headers["etag"] == '"tag-9"'


async def test_a_failure_of_the_mail_server_is_that_operations(client: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.verbs.fails = WriteInDoubt("nobody knows")
    results = await run(client, op("a", "DELETE", "messages/m1"), op("b", "DELETE", "messages/m2"))
    assert [result["problem"]["type"] for result in results] == ["/problems/write-in-doubt"] * 2
    gateway.verbs.fails = NotFound("gone")
    (result,) = await run(client, op("a", "DELETE", "messages/m1"))
    assert result["status"] == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"operations": []}, "operations"),
        ({"operations": [op(str(number), "GET", "folders") for number in range(51)]}, "operations"),
        ({"operations": [op("a", "GET", "folders"), op("a", "GET", "folders")]}, "operations[1].id"),
        ({"operations": [op("a b", "GET", "folders")]}, "operations[0].id"),
        ({"operations": [op("a", "HEAD", "folders")]}, "operations[0].method"),
        ({"operations": [op("a", "GET", "folders", Accept="text/html")]}, "operations[0].headers.Accept"),
        ({"operations": [op("a", "GET", "folders")], "stop": True}, "stop"),
        ({"operations": [op("a", "POST", "messages/m1/move", {"folder": "a\0b"})]}, "folder"),
    ],
)
async def test_a_batch_that_is_none(
    client: httpx.AsyncClient, gateway: Gateway, body: dict[str, object], field: str
) -> None:
    answer = await client.post(BATCH, json=body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert not gateway.verbs.calls


async def test_one_key_is_for_the_whole_batch(client: httpx.AsyncClient, gateway: Gateway) -> None:
    body = {"operations": [op("a", "DELETE", "messages/m1"), op("b", "POST", "folders", {"name": "New"})]}
    key = {"Idempotency-Key": "batch-1"}
    first = await client.post(BATCH, json=body, headers=key)
    again = await client.post(BATCH, json=body, headers=key)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert len(gateway.verbs.calls) == 2
    body["operations"].reverse()
    assert (await client.post(BATCH, json=body, headers=key)).status_code == 422


async def test_the_answer_is_bounded(
    client: httpx.AsyncClient, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = len((await client.get("/v1/accounts/me/folders/inbox/messages")).content)
    monkeypatch.setattr("gateway.http.batch.MAX_ANSWER", 2 * one)
    pages = [op(str(number), "GET", "folders/inbox/messages") for number in range(3)]
    results = await run(client, *pages, op("x", "GET", "messages/{2:/messages/0/id}"))
    assert ["body" in result for result in results] == [True, True, False, False]
    assert (results[2]["status"], results[2]["bodyOmitted"]) == (200, True)
    assert (results[3]["status"], results[3]["problem"]["field"]) == (422, "path")


def test_what_may_be_in_a_batch_is_json_below_an_account() -> None:
    listed = {f"{one.method} {one.path}" for one in TABLE if one.in_batch}
    assert "POST /v1/accounts/{account}/folders/{folder}/move" in listed
    assert not any(word in name for name in listed for word in ("batch", "events", "raw", "export", "archive"))
    description = openapi()["paths"]["/v1/accounts/{account}/batch"]["post"]["description"]
    assert all(f"`{name.replace('/v1/accounts/{account}/', '')}`" in description for name in listed)


def test_every_listed_path_is_found() -> None:
    paths = Paths(TABLE)
    for endpoint in TABLE:
        if endpoint.in_batch:
            path = endpoint.path.removeprefix("/v1/accounts/{account}/").replace("{flag}", "a%2Fb")
            found, values = paths.find(endpoint.method, path)
            assert found is endpoint
            assert values.get("flag", "a/b") == "a/b"
