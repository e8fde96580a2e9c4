"""What a folder's changes can be asked for over HTTP, on every server."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from gateway.sync.state import FolderState

from .conftest import Site
from .mail import plain, stored


async def state_now(client: httpx.AsyncClient, folder: str = "inbox") -> str:
    state: str = (await client.get(f"/folders/{folder}/messages", params={"limit": 1})).json()["state"]
    return state


async def asked(client: httpx.AsyncClient, since: str, **more: str) -> dict[str, Any]:
    answer = await client.get("/folders/inbox/changes", params={"since": since, **more})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_new_messages_have_the_members_that_were_asked_for(client: httpx.AsyncClient) -> None:
    since = await state_now(client)
    id_ = await stored(client, plain(1))
    fields = "subject,references,header:To:asAddresses,preview"
    expected = {
        "id": id_,
        "subject": "message 1",
        "references": [],
        "header:To:asAddresses": [{"name": "Reader", "email": "reader@example.org"}],
        "preview": "body of 1",
    }
    page = (await client.get("/folders/inbox/messages", params={"fields": fields})).json()
    assert page["messages"] == [expected]
    told = await asked(client, since, fields=fields)
    assert told["created"] == [expected]
    for listed in (fields, fields.split(",")):
        posted = await client.post("/folders/inbox/changes", json={"since": since, "fields": listed})
        assert posted.json() == told
    start = (await client.get("/changes")).json()["newState"]
    other = await stored(client, plain(2))
    account = (await client.get("/changes", params={"since": start, "fields": fields})).json()
    assert [message["id"] for message in account["changes"][0]["created"]] == [other]
    assert set(account["changes"][0]["created"][0]) == set(expected)


@pytest.mark.parametrize("fields", ["headers", "nonsense", "header:To:asNothing", ""])
async def test_members_that_changes_can_not_have_are_refused(client: httpx.AsyncClient, fields: str) -> None:
    since = await state_now(client)
    for path in ("/changes", "/folders/inbox/changes"):
        answer = await client.get(path, params={"since": since, "fields": fields})
        assert (answer.status_code, answer.json()["field"][:6]) == (400, "fields"), answer.text
        posted = await client.post(path, json={"since": since, "fields": fields})
        assert (posted.status_code, posted.json()["field"][:6]) == (400, "fields"), posted.text


async def test_a_preview_is_for_who_may_read(site: Site, user: str, client: httpx.AsyncClient) -> None:
    since = await state_now(client)
    account = (await client.get("/changes")).json()["newState"]
    await stored(client, plain(3))
    async with site.gateway.client(user) as bare:
        bare.headers.update(site.gateway.headers(user, scope="mail.metadata"))
        for path, state in (("/folders/inbox/changes", since), ("/changes", account)):
            assert (await bare.get(path, params={"since": state, "fields": "preview"})).status_code == 403
            told = (await bare.get(path, params={"since": state})).json()
            (new,) = told["created"] if "created" in told else told["changes"][0]["created"]
            assert "preview" not in new


async def test_numbers_that_went_back_are_another_folder(client: httpx.AsyncClient) -> None:
    await stored(client, plain(4))
    state = FolderState.parse(await state_now(client))
    later = FolderState(state.uidvalidity, state.uidnext + 5, state.highestmodseq, state.exists, state.samples)
    answer = await client.get("/folders/inbox/changes", params={"since": later.encode()})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (410, "id-expired")


async def test_the_mode_is_what_the_server_has_and_the_configuration_leaves(
    client: httpx.AsyncClient, site: Site
) -> None:
    told = await asked(client, await state_now(client))
    assert told["mode"] == {"dovecot": "qresync", "cyrus": "qresync", "plain": "window"}[site.name]
    assert told["coverage"]["updated"] == ("window" if site.name == "plain" else "all")


async def test_all_that_was_marked_and_deleted_comes_in_answers_of_three(
    client: httpx.AsyncClient, site: Site, user: str
) -> None:
    ids = [await stored(client, plain(number)) for number in range(12)]
    since = await state_now(client)
    other = site.imap(user)
    other.select("INBOX")
    other.store("1:12", "+FLAGS", "\\Flagged")
    other.store("3:7", "+FLAGS", "\\Deleted")
    other.expunge()
    other.logout()
    updated, destroyed, answers = dict[str, list[str]](), set[str](), 0
    while True:
        told = await asked(client, since, maxChanges="3")
        assert len(told["created"]) + len(told["updated"]) + len(told["destroyed"]) <= 3
        updated |= {update["id"]: update["flags"] for update in told["updated"]}
        destroyed |= set(told["destroyed"])
        since, answers = told["newState"], answers + 1
        if not told["hasMore"]:
            break
    assert answers >= 4
    assert {id_: flags for id_, flags in updated.items() if id_ not in destroyed} == {
        id_: ["$flagged"] for id_ in (*ids[:2], *ids[7:])
    }
    assert set(ids[2:7]) <= destroyed
    assert not destroyed & {*ids[:2], *ids[7:]}
