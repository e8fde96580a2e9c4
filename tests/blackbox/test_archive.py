"""Archiving old mail over HTTP, on every server: in batches, told as it goes, safe to repeat."""

from __future__ import annotations

import json

import httpx

from .conftest import Site
from .mail import ids, plain


async def put(client: httpx.AsyncClient, number: int, day: str, flags: str | None = None) -> str:
    params = {"receivedAt": f"{day}T12:00:00Z"} | ({"flags": flags} if flags else {})
    answer = await client.post(
        "/folders/inbox/messages", content=plain(number), headers={"Content-Type": "message/rfc822"}, params=params
    )
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


async def subjects(client: httpx.AsyncClient, folder: str) -> set[str]:
    answer = await client.get(f"/folders/{folder}/messages")
    return {message["subject"] for message in answer.json()["messages"]}


RUN = {"folder": "inbox", "before": "2026-06-01"}


async def test_old_mail_goes_and_new_mail_stays(client: httpx.AsyncClient) -> None:
    for number, day in enumerate(("2026-01-01", "2026-05-31", "2026-06-01", "2026-11-01")):
        await put(client, number, day)
    marked = await put(client, 9, "2026-01-01", flags="$deleted")
    answer = await client.post("/archive-runs", json=RUN)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson"), answer.text
    assert lines(answer.text) == [{"moved": 2, "hasMore": False, "done": True}]
    assert await subjects(client, "archive") == {"message 0", "message 1"}
    assert await subjects(client, "inbox") == {"message 2", "message 3", "message 9"}
    again = await client.post("/archive-runs", json=RUN)
    assert lines(again.text) == [{"moved": 0, "hasMore": False, "done": True}]
    assert marked in await ids(client)


async def test_a_run_is_bounded_and_says_that_there_is_more(client: httpx.AsyncClient) -> None:
    for number in range(5):
        await put(client, number, "2026-01-01")
    first = lines((await client.post("/archive-runs", json=RUN | {"limit": 3})).text)
    assert first[-1] == {"moved": 3, "hasMore": True, "done": True}
    assert await subjects(client, "inbox") == {"message 3", "message 4"}  # the oldest went first
    second = lines((await client.post("/archive-runs", json=RUN | {"limit": 3})).text)
    assert second[-1] == {"moved": 2, "hasMore": False, "done": True}


async def test_a_client_that_leaves_ends_the_run_and_another_goes_on(site: Site, user: str) -> None:
    with site.imap(user) as imap:
        for number in range(250):
            imap.append("INBOX", "", '"01-Jan-2026 12:00:00 +0000"', plain(number))
    async with site.gateway.client(user) as client:
        folder = (await client.post("/folders", json={"name": "Old"})).json()["id"]
        run = RUN | {"to": folder}
        async with client.stream("POST", "/archive-runs", json=run) as answer:
            async for line in answer.aiter_lines():
                assert json.loads(line) == {"moved": 200, "hasMore": True, "done": False}
                break  # and hang up
        told = lines((await client.post("/archive-runs", json=run)).text)
        assert told[-1]["done"] is True
        assert told[-1]["hasMore"] is False
        assert (await client.get("/folders/inbox")).json()["totalMessages"] == 0
        archived = (await client.get(f"/folders/{folder}")).json()["totalMessages"]
        assert archived == 250  # nothing twice, also where a batch is copied and then removed


async def test_progress_as_events(client: httpx.AsyncClient) -> None:
    await put(client, 1, "2026-01-01")
    answer = await client.post("/archive-runs", json=RUN, headers={"Accept": "text/event-stream"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text == 'event: progress\ndata: {"moved":1,"hasMore":false,"done":true}\n\n'


async def test_what_can_not_be_done_is_said_before_anything_moves(client: httpx.AsyncClient) -> None:
    await put(client, 1, "2026-01-01")
    same = await client.post("/archive-runs", json=RUN | {"to": "inbox"})
    assert (same.status_code, same.json()["field"]) == (409, "to")
    assert (await client.post("/archive-runs", json=RUN | {"before": "yesterday"})).status_code == 400
    assert (await client.post("/archive-runs", json=RUN | {"limit": 0})).status_code == 400
    gone = (await client.post("/folders", json={"name": "Gone"})).json()["id"]
    await client.delete(f"/folders/{gone}")
    assert (await client.post("/archive-runs", json=RUN | {"to": gone})).status_code == 422
    assert len(await ids(client)) == 1


async def test_scopes(site: Site, user: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as bare:
        url = f"{site.gateway.url}/v1/accounts/me/archive-runs"
        answer = await bare.post(url, json=RUN, headers=site.gateway.headers(user, scope="mail.read"))
    assert answer.status_code == 403
