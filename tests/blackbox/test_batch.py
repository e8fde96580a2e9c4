"""Batches on every server: order, references, and one opening of a folder however many operations there are."""

from __future__ import annotations

from typing import Any

import httpx

from .conftest import Site
from .mail import ids, plain, stored


def op(id_: str, method: str, path: str, body: object = None, **headers: str) -> dict[str, Any]:
    made: dict[str, Any] = {"id": id_, "method": method, "path": path}
    if body is not None:
        made["body"] = body
    return made | ({"headers": headers} if headers else {})


def ref(of: str, path: str) -> dict[str, Any]:
    return {"#ref": {"of": of, "path": path}}


async def run(client: httpx.AsyncClient, *operations: dict[str, Any], key: str | None = None) -> list[dict[str, Any]]:
    headers = {"Idempotency-Key": key} if key else {}
    answer = await client.post("/batch", json={"operations": operations}, headers=headers)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def openings(site: Site) -> float:
    """SELECT and EXAMINE commands so far."""
    text = site.gateway.metrics()
    kinds = ('command="SELECT"', 'command="EXAMINE"')
    lines = [line for line in text.splitlines() if line.startswith("imapgw_imap_commands_total{")]
    return sum(float(line.rpartition(" ")[2]) for line in lines if any(kind in line for kind in kinds))


async def test_a_folder_is_opened_once_for_all_operations_on_it(quiet: Site) -> None:
    async with quiet.gateway.client(quiet.guest()) as client:
        for folder in ("archive", "inbox"):
            made = [await stored(client, plain(number), folder) for number in range(4)]
            assert await ids(client, folder) == made[::-1]  # by another request on the connection that the batch gets
            before = openings(quiet)
            results = await run(
                client,
                op("page", "GET", f"folders/{folder}/messages?limit=2"),
                op("one", "GET", "messages/{page:/messages/0/id}"),
                *(op(f"flag{at}", "PUT", f"messages/{message}/flags/$seen") for at, message in enumerate(made)),
                op("many", "POST", f"folders/{folder}/flags", {"ids": made, "add": ["$flagged"]}),
                op("body", "GET", f"messages/{made[0]}/body"),
                op("move", "POST", f"messages/{made[0]}/move", {"folder": "trash"}),
                op("flags", "GET", f"messages/{made[1]}/flags"),
                op("gone", "GET", f"messages/{made[0]}/flags"),
                op("last", "DELETE", f"messages/{made[3]}"),
            )
            assert [result["status"] for result in results] == [200] * 10 + [404, 200]
            assert results[1]["body"]["id"] == made[3]
            assert results[9]["body"]["flags"] == ["$flagged", "$seen"]
            assert openings(quiet) - before == 1
            assert quiet.gateway.metric("imapgw_imap_connections") == 1


async def test_operations_on_two_folders_in_turn(quiet: Site) -> None:
    async with quiet.gateway.client(quiet.guest()) as client:
        for folder in ("inbox", "archive"):
            await stored(client, plain(1), folder)
        before = openings(quiet)
        reads = [op(f"{folder}{turn}", "GET", f"folders/{folder}/messages") for folder in ("inbox", "archive")
                 for turn in range(5)]  # fmt: skip
        results = await run(client, *reads)
        assert all(len(result["body"]["messages"]) == 1 for result in results)
        assert openings(quiet) - before == 2


async def test_a_folder_is_made_filled_and_emptied_by_references(client: httpx.AsyncClient) -> None:
    made = [await stored(client, plain(number)) for number in range(3)]
    results = await run(
        client,
        op("folder", "POST", "folders", {"name": "Project"}),
        op("found", "POST", "search", {"filter": {"subject": "message"}}),
        op(
            "move",
            "POST",
            "folders/inbox/move",
            {"ids": ref("found", "/messages/*/id"), "folder": ref("folder", "/id")},
        ),
        op("flag", "PUT", "messages/{move:/results/0/newId}/flags/$flagged"),
        op("page", "GET", "folders/{folder:/id}/messages"),
        op("back", "POST", "messages/{page:/messages/0/id}/copy", {"folder": "inbox"}),
        op("inbox", "GET", "folders/inbox/messages"),
    )
    assert [result["status"] for result in results] == [201, 200, 200, 200, 200, 200, 200], results
    assert sorted(message["id"] for message in results[1]["body"]["messages"]) == sorted(made)
    assert len(results[4]["body"]["messages"]) == 3
    assert results[6]["body"]["messages"][0]["id"] == results[5]["body"]["id"]
    assert await ids(client, results[0]["body"]["id"]) == [one["id"] for one in results[4]["body"]["messages"]]


async def test_a_folder_that_the_batch_renames_is_not_taken_for_the_old_one(client: httpx.AsyncClient) -> None:
    parent = (await client.post("/folders", json={"name": "Parent"})).json()["id"]
    child = (await client.post("/folders", json={"name": "Child", "parentId": parent})).json()["id"]
    made = await stored(client, plain(1), child)
    results = await run(
        client,
        op("before", "GET", f"folders/{child}/messages"),
        op("rename", "PATCH", f"folders/{parent}", {"name": "Renamed"}),
        op("after", "GET", f"folders/{child}/messages"),
        op("message", "GET", f"messages/{made}"),
        op("folder", "DELETE", "folders/{rename:/id}?force=true"),
    )
    assert [result["status"] for result in results[:4]] == [200, 200, 404, 404], results


async def test_what_another_client_did_meanwhile_is_seen(client: httpx.AsyncClient, site: Site, user: str) -> None:
    made = [await stored(client, plain(number)) for number in range(2)]
    etag = (await client.get(f"/messages/{made[0]}/flags")).headers["etag"]
    with site.imap(user) as other:
        other.select("INBOX")
        other.store("1", "+FLAGS", "(\\Flagged)")
        other.store("2", "+FLAGS", "(\\Deleted)")
        other.expunge()
    late, gone, merged = await run(
        client,
        op("late", "PUT", f"messages/{made[0]}/flags/$seen", **{"If-Match": etag}),
        op("gone", "DELETE", f"messages/{made[1]}"),
        op("merged", "PATCH", f"messages/{made[0]}/flags", {"add": ["$seen"]}),
    )
    assert (late["status"], late["problem"]["flags"]) == (412, ["$flagged"])
    assert late["etag"].startswith('"')
    assert gone["status"] == 404
    assert merged["body"]["flags"] == ["$flagged", "$seen"]


async def test_a_batch_sent_again_is_carried_out_once(client: httpx.AsyncClient) -> None:
    made = [await stored(client, plain(number)) for number in range(10)]
    copies = [op(str(at), "POST", f"messages/{made[at % 10]}/copy", {"folder": "archive"}) for at in range(50)]
    first = await run(client, *copies, key="batch-1")
    assert [result["status"] for result in first] == [200] * 50
    assert await run(client, *copies, key="batch-1") == first
    assert len(await ids(client, "archive", limit=200)) == 50


async def test_a_refusal_of_the_server_spoils_nothing_after_it(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1))
    folder = (await client.post("/folders", json={"name": "Short lived"})).json()["id"]
    results = await run(
        client,
        op("gone", "DELETE", f"folders/{folder}"),
        op("lost", "POST", f"messages/{made}/move", {"folder": folder}),
        op("still", "GET", f"messages/{made}/flags"),
        op("again", "POST", "folders", {"name": "Short lived"}),
        op("moved", "POST", f"messages/{made}/move", {"folder": folder}),
    )
    assert [result["status"] for result in results] == [204, 422, 200, 201, 200], results
    assert results[1]["problem"]["type"] == "/problems/destination-missing"
