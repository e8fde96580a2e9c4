"""Moving, copying, deleting and storing over HTTP, on every server."""

from __future__ import annotations

import httpx
import pytest

from .mail import ids, plain, stored


async def test_a_moved_message_has_a_new_id_that_the_reply_tells(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1))
    moved = await client.post(f"/messages/{made}/move", json={"folder": "archive"})
    assert moved.status_code == 200, moved.text
    new = moved.json()["id"]
    assert (await client.get(f"/messages/{made}")).status_code == 404
    assert (await client.get(f"/messages/{new}")).json()["subject"] == "message 1"
    assert await ids(client, "archive") == [new]


async def test_a_copy_leaves_the_original(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1), flags="$flagged")
    copied = (await client.post(f"/messages/{made}/copy", json={"folder": "archive"})).json()["id"]
    assert (await client.get(f"/messages/{copied}")).json()["flags"] == ["$flagged"]
    assert await ids(client) == [made]


async def test_delete_goes_to_the_trash_and_then_for_good(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1))
    assert (await client.delete(f"/messages/{made}")).status_code == 200
    assert await ids(client) == []
    (trashed,) = await ids(client, "trash")
    assert (await client.delete(f"/messages/{trashed}")).status_code == 200
    assert await ids(client, "trash") == []


async def test_permanent_delete_takes_only_what_was_named(client: httpx.AsyncClient) -> None:
    marked = await stored(client, plain(1), flags="$deleted")  # marked by another client: not ours to expunge
    made = await stored(client, plain(2))
    assert (await client.delete(f"/messages/{made}", params={"permanent": "true"})).status_code == 200
    assert await ids(client) == [marked]


async def test_many_move_copy_and_delete(client: httpx.AsyncClient) -> None:
    made = [await stored(client, plain(number)) for number in range(5)]
    moved = await client.post("/folders/inbox/move", json={"ids": made[:2], "folder": "archive"})
    assert [result["status"] for result in moved.json()["results"]] == [200, 200]
    assert set(await ids(client, "archive")) == {result["newId"] for result in moved.json()["results"]}
    copied = await client.post("/folders/inbox/copy", json={"filter": {"subject": "message 4"}, "folder": "archive"})
    assert len(copied.json()["results"]) == 1
    deleted = await client.post("/folders/inbox/delete", json={"ids": [*made[2:4], made[0]]})
    assert [result["status"] for result in deleted.json()["results"]] == [200, 200, 404]
    assert await ids(client) == [made[4]]
    assert len(await ids(client, "trash")) == 2


@pytest.mark.parametrize("verb", ["move", "copy"])
async def test_a_missing_destination_is_422(client: httpx.AsyncClient, verb: str) -> None:
    made = await stored(client, plain(1))
    folder = (await client.post("/folders", json={"name": "Short lived"})).json()["id"]
    await client.delete(f"/folders/{folder}")
    answer = await client.post(f"/messages/{made}/{verb}", json={"folder": folder})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/destination-missing"), answer.text
    assert await ids(client) == [made]


async def test_ids_of_another_folder_are_refused(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1))
    answer = await client.post("/folders/archive/move", json={"ids": [made], "folder": "trash"})
    assert (answer.status_code, answer.json()["field"]) == (400, "ids")


async def test_storing_into_a_missing_folder_is_404(client: httpx.AsyncClient) -> None:
    folder = (await client.post("/folders", json={"name": "Removed"})).json()["id"]
    await client.delete(f"/folders/{folder}")
    answer = await client.post(
        f"/folders/{folder}/messages", content=plain(1), headers={"Content-Type": "message/rfc822"}
    )
    assert answer.status_code == 404, answer.text
    assert (await client.get("/folders/inbox")).status_code == 200


async def test_what_is_stored_comes_back_to_the_octet(client: httpx.AsyncClient) -> None:
    body = "A1 LOGOUT\r\n)\r\n* 1 FETCH (FLAGS (\\Deleted))\r\nA2 OK {10}\r\n.\r\n"
    message = plain(1).replace(b"body of 1\r\n", body.encode())
    made = await stored(client, message, flags="$seen,$flagged")
    raw = await client.get(f"/messages/{made}/raw")
    assert raw.content == message
    assert raw.headers["content-type"] == "message/rfc822"
    assert (await client.get(f"/messages/{made}")).json()["flags"] == ["$flagged", "$seen"]


async def test_an_idempotency_key_replays_the_first_answer(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "message/rfc822", "Idempotency-Key": "store-1"}
    first = await client.post("/folders/inbox/messages", content=plain(1), headers=headers)
    again = await client.post("/folders/inbox/messages", content=plain(1), headers=headers)
    assert again.json() == first.json()
    assert len(await ids(client)) == 1
    other = await client.post("/folders/inbox/messages", content=plain(2), headers=headers)
    assert other.status_code == 422
