"""What an offline client does when it is back: conditional flags, moves it may have made already, stores it repeats."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from .conftest import Site
from .mail import ids, plain, stored

RFC822 = {"Content-Type": "message/rfc822"}


async def put(
    client: httpx.AsyncClient, message: bytes, folder: str = "inbox", key: str | None = None, **params: str
) -> httpx.Response:
    headers = RFC822 | ({"Idempotency-Key": key} if key else {})
    return await client.post(f"/folders/{folder}/messages", content=message, headers=headers, params=params)


async def test_a_flag_write_that_came_too_late_tells_what_stands(
    client: httpx.AsyncClient, site: Site, user: str
) -> None:
    made = await stored(client, plain(1))
    etag = (await client.get(f"/messages/{made}/flags")).headers["etag"]
    with site.imap(user) as other:
        other.select("INBOX")
        other.store("1", "+FLAGS", "(\\Flagged)")
    late = await client.patch(f"/messages/{made}/flags", json={"add": ["$seen"]}, headers={"If-Match": etag})
    assert (late.status_code, late.json()["type"]) == (412, "/problems/precondition-failed")
    assert late.json()["flags"] == ["$flagged"]
    now = await client.get(f"/messages/{made}/flags")
    assert now.headers["etag"] == late.headers["etag"]
    assert now.json()["flags"] == ["$flagged"]  # nothing was changed
    merged = await client.patch(
        f"/messages/{made}/flags", json={"add": ["$seen"]}, headers={"If-Match": late.headers["etag"]}
    )
    assert merged.status_code == 200
    assert merged.json()["flags"] == ["$flagged", "$seen"]


async def test_patches_of_two_clients_merge(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1), flags="$draft")
    await client.patch(f"/messages/{made}/flags", json={"add": ["$seen"], "remove": ["$draft"]})
    last = await client.patch(f"/messages/{made}/flags", json={"add": ["$flagged", "$seen"]})
    assert last.json()["flags"] == ["$flagged", "$seen"]


@pytest.mark.parametrize("verb", ["move", "delete"])
async def test_a_move_or_deletion_of_many_may_be_repeated(client: httpx.AsyncClient, verb: str) -> None:
    """The answer was lost on the way; who asks again learns that they are gone, and nothing is done twice."""
    made = [await stored(client, plain(number)) for number in range(3)]
    body: dict[str, object] = {"ids": made[:2]} | ({"folder": "archive"} if verb == "move" else {})
    first = await client.post(f"/folders/inbox/{verb}", json=body)
    assert [result["status"] for result in first.json()["results"]] == [200, 200]
    again = await client.post(f"/folders/inbox/{verb}", json=body | {"ids": made})
    assert again.status_code == 200
    outcomes = {result["id"]: (result["status"], result["type"]) for result in again.json()["results"]}
    assert outcomes == {made[0]: (404, "not-found"), made[1]: (404, "not-found"), made[2]: (200, None)}
    assert len(await ids(client, "archive" if verb == "move" else "trash")) == 3
    assert await ids(client) == []


async def test_flags_of_many_some_of_them_gone(client: httpx.AsyncClient) -> None:
    made = [await stored(client, plain(number)) for number in range(2)]
    await client.delete(f"/messages/{made[0]}")
    done = await client.post("/folders/inbox/flags", json={"ids": made, "add": ["$seen"]})
    assert [(one["status"], one["flags"]) for one in done.json()["results"]] == [(404, None), (200, ["$seen"])]


async def test_one_that_is_gone_is_404_to_move_and_delete(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1))
    assert (await client.delete(f"/messages/{made}", params={"permanent": "true"})).status_code == 200
    assert (await client.delete(f"/messages/{made}")).status_code == 404
    assert (await client.post(f"/messages/{made}/move", json={"folder": "archive"})).status_code == 404


async def test_a_store_that_is_repeated_to_another_replica_stores_once(
    client: httpx.AsyncClient, site: Site, user: str
) -> None:
    message = plain(1, body="x" * 70 + "\n" + "y" * 200_000 + "\n")
    first = await put(client, message, key="outbox-1")
    assert (first.status_code, first.json()["existed"]) == (201, False)
    with replace(site.gateway) as another:
        async with another.client(user) as there:
            again = await put(there, message, key="outbox-1")
            assert (again.status_code, again.json()) == (200, {**first.json(), "existed": True})
            assert "idempotency-replayed" not in again.headers
            replayed = await put(there, message, key="outbox-1")
            assert (replayed.status_code, replayed.json()) == (200, again.json())
            assert replayed.headers["idempotency-replayed"] == "true"
    assert await ids(client) == [first.json()["id"]]


async def test_a_message_is_recognised_only_by_all_of_its_header_and_its_size(client: httpx.AsyncClient) -> None:
    message = plain(1)
    made = await stored(client, message)
    longer_id = message.replace(b"<1.blackbox@example.org>", b"<1.blackbox@example.org.uk>")
    others = [
        message.replace(b"Subject: message 1", b"Subject: message 2"),  # another header of the same length
        message + b"more\r\n",  # the same header, another size
        message.replace(b"Message-ID: <1.", b"Message-ID: <11."),  # another id, in which SEARCH may find the first
        longer_id,
    ]
    for other in others:
        answer = await put(client, other, unlessExists="true")
        assert (answer.status_code, answer.json()["existed"]) == (201, False), answer.text
    known = await put(client, message, unlessExists="true")
    assert (known.status_code, known.json()["id"], known.json()["existed"]) == (200, made, True)
    known = await put(client, longer_id, unlessExists="true")
    assert known.status_code == 200
    assert len(await ids(client)) == 5


async def test_who_wants_it_twice_gets_it_twice(client: httpx.AsyncClient) -> None:
    await stored(client, plain(1))
    assert (await put(client, plain(1))).status_code == 201
    assert (await put(client, plain(1), key="k-1", unlessExists="false")).status_code == 201
    assert (await put(client, plain(1), folder="archive", unlessExists="true")).status_code == 201  # another folder
    assert len(await ids(client)) == 3


async def test_without_a_message_id_it_is_stored_as_it_is(client: httpx.AsyncClient) -> None:
    nameless = plain(1).replace(b"Message-ID: <1.blackbox@example.org>\r\n", b"")
    for key in ("k-1", "k-2"):
        assert (await put(client, nameless, key=key)).status_code == 201
    assert len(await ids(client)) == 2


async def test_a_store_into_a_folder_that_is_gone_is_404_with_a_key_too(client: httpx.AsyncClient) -> None:
    folder = (await client.post("/folders", json={"name": "Removed"})).json()["id"]
    await client.delete(f"/folders/{folder}")
    assert (await put(client, plain(1), folder=folder, key="k-1")).status_code == 404
