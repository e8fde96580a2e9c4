"""Event streams over HTTP, on every server."""

from __future__ import annotations

import asyncio

import httpx

from .conftest import Site
from .events import watching
from .mail import plain, stored


async def test_hello_says_what_is_watched_and_how(client: httpx.AsyncClient, site: Site) -> None:
    async with watching(client, folders="inbox") as events:
        hello = await events.next()
        assert hello.kind == "hello"
        (watched,) = hello.data["watching"]
        assert watched["mode"] == {"dovecot": "notify", "cyrus": "idle", "plain": "poll"}[site.name]
        assert hello.data["folderEvents"] is None
        assert watched["folderId"] == (await client.get("/folders/inbox")).json()["id"]


async def test_new_mail_changed_flags_and_deletions_are_pushed(
    client: httpx.AsyncClient, site: Site, user: str
) -> None:
    async with watching(client, folders="inbox") as events:
        hello = await events.next()
        made = await stored(client, plain(1))
        arrived = await events.until("changes")
        (summary,) = arrived.data["created"]
        assert (summary["id"], summary["subject"]) == (made, "message 1")
        assert arrived.data["oldState"] == hello.data["watching"][0]["state"]
        assert arrived.id == arrived.data["newState"]
        with site.imap(user) as other:
            other.select("INBOX")
            other.store("1", "+FLAGS", "(\\Flagged)")
            flagged = await events.until("changes")
            assert flagged.data["updated"] == [{"id": made, "flags": ["$flagged"]}]
            other.store("1", "+FLAGS", "(\\Deleted)")
            other.expunge()
            destroyed: list[str] = []
            while not destroyed:
                destroyed += (await events.until("changes")).data["destroyed"]
            assert destroyed == [made]


async def test_pull_and_push_carry_the_same_value(client: httpx.AsyncClient) -> None:
    async with watching(client, folders="inbox") as events:
        since = (await events.next()).data["watching"][0]["state"]
        await stored(client, plain(1))
        pushed = await events.until("changes")
    pulled = await client.get("/folders/inbox/changes", params={"since": since})
    assert pulled.json() == pushed.data


async def test_a_stream_resumes_after_the_last_event(client: httpx.AsyncClient) -> None:
    async with watching(client, folders="inbox") as events:
        await events.next()
        await stored(client, plain(1))
        last = (await events.until("changes")).id
    missed = [await stored(client, plain(number)) for number in (2, 3)]
    assert last is not None
    async with watching(client, folders="inbox", last_event_id=last) as events:
        await events.next()
        got = await events.until("changes")
        assert [summary["id"] for summary in got.data["created"]] == missed
        assert got.data["oldState"] == last
        later = await stored(client, plain(4))
        assert [summary["id"] for summary in (await events.until("changes")).data["created"]] == [later]


async def test_many_streams_share_one_watcher(client: httpx.AsyncClient, site: Site) -> None:
    async def wait_for_one(ready: asyncio.Barrier) -> str:
        async with site.gateway.client(user_of(client)) as mine, watching(mine, folders="inbox") as events:
            await events.next()
            await ready.wait()
            subject: str = (await events.until("changes")).data["created"][0]["subject"]
            return subject

    ready = asyncio.Barrier(9)
    before = site.gateway.metric("imapgw_watchers")
    streams = [asyncio.create_task(wait_for_one(ready)) for _ in range(8)]
    await ready.wait()
    assert site.gateway.metric("imapgw_watchers") <= before + 1  # fewer where one of an earlier test has gone meanwhile
    await stored(client, plain(5))
    assert await asyncio.gather(*streams) == ["message 5"] * 8


def user_of(client: httpx.AsyncClient) -> str:
    """The client's user, from its token."""
    import base64
    import json

    claims = client.headers["authorization"].split(".")[1]
    email: str = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["email"]
    return email.partition("@")[0]


async def test_a_deleted_folder_ends_its_stream_and_says_so(client: httpx.AsyncClient) -> None:
    folder = (await client.post("/folders", json={"name": "Watched"})).json()["id"]
    async with watching(client, folders=folder) as events:
        await events.next()
        assert (await client.delete(f"/folders/{folder}", params={"force": "true"})).status_code == 204
        gone = await events.next(timeout=40)
        assert gone.kind == "resync", gone
        assert gone.data["reason"] == "gone"
        assert (await events.until("bye")).data["reason"] == "folder-gone"


async def test_two_folders_on_one_stream(client: httpx.AsyncClient) -> None:
    archive = (await client.get("/folders/archive")).json()["id"]
    async with watching(client, folders="inbox,archive") as events:
        assert len((await events.next()).data["watching"]) == 2
        made = await stored(client, plain(1), "archive")
        got = await events.until("changes")
        assert got.data["folderId"] == archive
        assert got.data["created"][0]["id"] == made


async def test_a_stream_of_a_missing_folder_is_refused_before_it_begins(client: httpx.AsyncClient) -> None:
    folder = (await client.post("/folders", json={"name": "Never"})).json()["id"]
    await client.delete(f"/folders/{folder}")
    answer = await client.get("/events", params={"folders": folder})
    assert answer.status_code == 404
    assert (await client.get("/events", params={"folders": "inbox", "since": "junk"})).status_code == 400
