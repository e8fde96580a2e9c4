"""Changes of a whole account over HTTP, on every server: a client that was away has what there is."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .account_client import AccountClient, assert_in_step
from .conftest import Site
from .mail import plain, stored


async def made(http: httpx.AsyncClient, name: str, **more: str) -> str:
    answer = await http.post("/folders", json={"name": name, **more})
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def flagged(http: httpx.AsyncClient, id_: str, *add: str) -> None:
    answer = await http.patch(f"/messages/{id_}/flags", json={"add": add})
    assert answer.status_code == 200, answer.text


async def removed(http: httpx.AsyncClient, id_: str) -> None:
    answer = await http.delete(f"/messages/{id_}", params={"permanent": "true"})
    assert answer.status_code in (200, 204), answer.text


async def three_folders(client: httpx.AsyncClient) -> None:
    """Ten messages in the inbox and two folders more."""
    for name in ("Work", "Play"):
        folder = await made(client, name)
        for number in range(3):
            await stored(client, plain(number), folder)
    for number in range(4):
        await stored(client, plain(number))


@pytest.fixture
async def away(client: httpx.AsyncClient) -> AccountClient:
    """A client with ten messages in three folders, in step."""
    await three_folders(client)
    found = AccountClient(client)
    await found.start()
    await assert_in_step(found, client)
    return found


def ids_in(client: AccountClient, name: str) -> list[str]:
    (folder,) = [id_ for id_, folder in client.folders.items() if folder["name"] == name]
    return sorted(id_ for id_, message in client.messages.items() if message["folderId"] == folder)


async def test_nothing_happened_is_nothing_told(away: AccountClient) -> None:
    await away.sync()
    (told,) = away.answers
    assert told["newState"] == told["oldState"]
    assert told["folders"] == {"created": [], "updated": [], "renamed": [], "destroyed": []}
    assert told["changes"] == []


async def test_new_flagged_moved_and_deleted_messages_in_several_folders(
    away: AccountClient, client: httpx.AsyncClient
) -> None:
    work, play, inbox = (ids_in(away, name) for name in ("Work", "Play", "INBOX"))
    await stored(client, plain(10), flags="$flagged")
    await flagged(client, work[0], "$seen", "important")
    await removed(client, play[1])
    (target,) = [id_ for id_, folder in away.folders.items() if folder["name"] == "Work"]
    answer = await client.post(f"/messages/{inbox[0]}/move", json={"folder": target})
    assert answer.status_code == 200, answer.text
    await assert_in_step(away, client)
    assert {told["folderId"] for told in away.answers[0]["changes"]} == {
        id_ for id_, folder in away.folders.items() if folder["name"] in ("INBOX", "Work", "Play")
    }


async def test_folders_made_deleted_and_subscribed(away: AccountClient, client: httpx.AsyncClient) -> None:
    new = await made(client, "Fresh")
    await stored(client, plain(20), new)
    by_name = {folder["name"]: id_ for id_, folder in away.folders.items()}
    assert (await client.delete(f"/folders/{by_name['Play']}", params={"force": "true"})).status_code == 204
    await client.patch(f"/folders/{by_name['Work']}", json={"isSubscribed": False})
    await assert_in_step(away, client)
    told = away.answers[0]["folders"]
    assert [folder["id"] for folder in told["created"]] == [new]
    assert told["destroyed"] == [by_name["Play"]]
    assert [folder["id"] for folder in told["updated"]] == [by_name["Work"]]


async def test_a_renamed_folder_keeps_its_messages(away: AccountClient, client: httpx.AsyncClient, site: Site) -> None:
    old = {folder["name"]: id_ for id_, folder in away.folders.items()}["Work"]
    first = ids_in(away, "Work")[0]
    await flagged(client, first, "$flagged")
    await removed(client, ids_in(away, "Work")[1])
    answer = await client.patch(f"/folders/{old}", json={"name": "Labour"})
    assert answer.status_code == 200, answer.text
    await stored(client, plain(30), answer.json()["id"])
    await assert_in_step(away, client)
    (renamed,) = away.answers[0]["folders"]["renamed"]
    assert (renamed["id"], renamed["folder"]["name"]) == (old, "Labour")
    (told,) = away.answers[0]["changes"]
    assert (len(told["moved"]), len(told["created"])) == (2, 1)


async def test_a_folder_deleted_and_made_anew_is_another(away: AccountClient, client: httpx.AsyncClient) -> None:
    old = {folder["name"]: id_ for id_, folder in away.folders.items()}["Work"]
    assert (await client.delete(f"/folders/{old}", params={"force": "true"})).status_code == 204
    new = await made(client, "Work")
    assert new == old
    await stored(client, plain(40), new)
    await assert_in_step(away, client)
    told = away.answers[0]["folders"]
    assert (told["destroyed"], [folder["id"] for folder in told["created"]]) == ([old], [new])


@pytest.mark.parametrize("most", [1, 3])
async def test_small_answers_come_to_the_same_end(away: AccountClient, client: httpx.AsyncClient, most: int) -> None:
    new = await made(client, "Many")
    for number in range(7):
        await stored(client, plain(number), new, flags="$seen" if number % 2 else None)
    for id_ in (*ids_in(away, "Work"), *ids_in(away, "INBOX")[:2]):
        await flagged(client, id_, "$flagged")
    for id_ in ids_in(away, "Play")[:2]:
        await removed(client, id_)
    small = AccountClient(client, most=most, post=True)
    small.state, small.folders, small.messages = away.state, away.folders, away.messages
    await assert_in_step(small, client)
    for answer in small.answers:
        assert sum(size_of(told) for told in answer["changes"]) <= most


def size_of(told: dict[str, Any]) -> int:
    return len(told["created"]) + len(told["updated"]) + len(told["destroyed"])


@pytest.mark.parametrize("token", ["H", "HAA", "EAABAgM", "HAEBAQ", "x" * 4096, "%00", "inbox", "HAAB-_"])
async def test_a_token_that_is_none_of_ours_is_refused_by_its_name(client: httpx.AsyncClient, token: str) -> None:
    for answer in (
        await client.get(f"/changes?since={token}"),
        await client.post("/changes", json={"since": token}),
        await client.post("/folders/inbox/changes", json={"since": token}),
    ):
        assert answer.status_code == 400, answer.text
        assert answer.json()["field"] == "since"


async def test_the_state_of_a_folder_is_none_of_an_account_and_the_other_way_round(
    away: AccountClient, client: httpx.AsyncClient
) -> None:
    state = (await client.get("/folders/inbox/messages")).json()["state"]
    assert (await client.get("/changes", params={"since": state})).status_code == 400
    assert (await client.get("/folders/inbox/changes", params={"since": str(away.state)})).status_code == 400


async def test_a_folders_changes_by_post_are_those_by_get(client: httpx.AsyncClient) -> None:
    state = (await client.get("/folders/inbox/messages")).json()["state"]
    id_ = await stored(client, plain(50))
    asked = await client.get("/folders/inbox/changes", params={"since": state})
    posted = await client.post("/folders/inbox/changes", json={"since": state, "maxChanges": 10})
    assert posted.json() == asked.json()
    assert [message["id"] for message in posted.json()["created"]] == [id_]
