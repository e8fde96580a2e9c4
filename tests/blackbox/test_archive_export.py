"""Taking old mail away by a run, on every server: whole, cut off, gone on with, confirmed, repeated."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping

import httpx

from .conftest import Site
from .mail import ids, plain
from .run_lines import Taken
from .test_archive import put, subjects

RUN = {"folder": "inbox", "before": "2026-06-01"}
PATH = "/archive-runs/export"


async def taken(client: httpx.AsyncClient, run: Mapping[str, object]) -> Taken:
    answer = await client.post(PATH, json=dict(run))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson"), answer.text
    got = Taken()
    for line in answer.text.splitlines():
        got.line(line)
    return got


async def test_old_mail_comes_and_nothing_is_changed(client: httpx.AsyncClient) -> None:
    made = {}
    for number, day in enumerate(("2026-01-01", "2026-05-31", "2026-06-01", "2026-11-01")):
        made[await put(client, number, day)] = plain(number)
    await put(client, 9, "2026-01-01", flags="$deleted")
    got = await taken(client, RUN)
    assert list(got.messages.items()) == list(made.items())[:2]
    assert got.last == {"exported": 2, "hasMore": False, "done": True, "batch": got.batches[0]}
    assert len(await ids(client, unseen="true")) == 5
    again = await taken(client, RUN | {"cursor": got.cursor})
    assert again.last == {"exported": 0, "hasMore": False, "done": True}


async def test_what_is_confirmed_is_not_taken_again(client: httpx.AsyncClient) -> None:
    for number in range(5):
        await put(client, number, "2026-01-01")
    first = await taken(client, RUN | {"limit": 3})
    assert (first.last["exported"], first.last["hasMore"], first.last["done"]) == (3, True, True)
    confirm = "/folders/inbox/export/confirm"
    done = await client.post(confirm, params={"thenDelete": "true"}, json=first.batches[0])
    assert done.json()["deleted"] == 3, done.text
    assert await subjects(client, "inbox") == {"message 3", "message 4"}
    second = await taken(client, RUN | {"limit": 3})
    assert list(second.messages.values()) == [plain(3), plain(4)]
    assert second.last["hasMore"] is False


async def test_a_run_that_is_cut_off_again_and_again_misses_nothing(site: Site, user: str) -> None:
    """With and without confirmation in between; the client leaves in the middle of whatever it is."""
    chance = random.Random(3)
    sizes = [10, 40_000, 700_000, *chance.choices((10, 40_000, 200_000), k=21)]
    letters = [plain(number, body=chance.randbytes(size).hex()) for number, size in enumerate(sizes)]
    with site.imap(user) as imap:
        for letter in letters:
            assert imap.append("INBOX", "", '"01-Jan-2026 12:00:00 +0000"', letter)[0] == "OK"
    got, cuts = Taken(), 0
    async with site.gateway.client(user) as client:
        while not got.last.get("done"):
            run = RUN | ({"cursor": got.cursor} if got.cursor is not None else {})
            leaving = chance.randrange(20_000, 4_000_000)
            async with client.stream("POST", PATH, json=run) as answer:
                assert answer.status_code == 200
                read, rest = 0, b""
                async for chunk in answer.aiter_raw():
                    *lines, rest = (rest + chunk).split(b"\n")
                    for line in lines:
                        got.line(line.decode())
                    read += len(chunk)
                    if read > leaving:
                        break  # and hang up, also in the middle of a line
            if not got.last.get("done"):
                got.cut()
                cuts += 1
                if cuts % 2:  # what came until now goes away for good: another run finds the others all the same
                    proof = got.proof()
                    params = {"thenDelete": "true"}
                    if proof["ids"]:
                        done = await client.post("/folders/inbox/export/confirm", params=params, json=proof)
                        assert done.json()["deleted"] == proof["count"], done.text
        assert cuts >= 3
        assert sorted(got.messages.values()) == sorted(letters)
        left = [summary["id"] for summary in (await client.get("/folders/inbox/messages")).json()["messages"]]
        assert set(left) == set(got.proof()["ids"])


async def test_a_message_that_goes_meanwhile_is_passed_over(site: Site, user: str) -> None:
    large = "".join(f"{number:075}\n" for number in range(60_000))  # more than what is in flight
    with site.imap(user) as imap:
        for number in range(8):
            imap.append("INBOX", "", '"01-Jan-2026 12:00:00 +0000"', plain(number, body=large if number < 2 else None))
    async with site.gateway.client(user) as client:
        made = (await ids(client))[::-1]
        got, gone = Taken(), False
        async with client.stream("POST", PATH, json=RUN) as answer:
            async for line in answer.aiter_lines():
                got.line(line)
                if not gone:
                    gone = True
                    for number in (3, 6):
                        await client.delete(f"/messages/{made[number]}", params={"permanent": "true"})
        assert list(got.messages) == [one for number, one in enumerate(made) if number not in (3, 6)]
        assert (got.last["exported"], got.last["done"], got.last["hasMore"]) == (6, True, False)


async def test_as_events(client: httpx.AsyncClient) -> None:
    await put(client, 1, "2026-01-01")
    answer = await client.post(PATH, json=RUN, headers={"Accept": "text/event-stream"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [event.split("\n") for event in answer.text.removesuffix("\n\n").split("\n\n")]
    assert [name for name, _ in events] == [f"event: {name}" for name in ("message", "octets", "end", "progress")]
    got = Taken()
    for _, data in events:
        got.line(data.removeprefix("data: "))
    assert list(got.messages.values()) == [plain(1)]


async def test_each_wrong_member_is_named(client: httpx.AsyncClient) -> None:
    await put(client, 1, "2026-01-01")
    cursor = (await taken(client, RUN)).cursor
    export = (await client.get("/folders/inbox/export/manifest")).json()["messages"][0]["cursor"]
    for body, field in (
        (RUN | {"before": "yesterday"}, "before"),
        (RUN | {"before": "2026-07-01", "cursor": cursor}, "cursor"),
        (RUN | {"cursor": export}, "cursor"),
        (RUN | {"limit": 0}, "limit"),
        (RUN | {"to": "archive"}, "to"),
    ):
        answer = await client.post(PATH, json=body)
        assert (answer.status_code, answer.json()["field"]) == (400, field), answer.text


async def test_scopes(site: Site, user: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as bare:
        url = f"{site.gateway.url}/v1/accounts/me{PATH}"
        for scope, status in (("mail.modify mail.metadata", 403), ("mail.read", 200)):
            answer = await bare.post(url, json=RUN, headers=site.gateway.headers(user, scope=scope))
            assert answer.status_code == status


async def test_sixty_megabytes_in_constant_memory(on_dovecot: Site) -> None:
    user = on_dovecot.guest()
    body = "".join(f"{number:075}\r\n" for number in range(78_000))  # six megabytes
    message = plain(1, body="small\n").replace(b"small\r\n", body.encode())
    with on_dovecot.imap(user) as imap:
        for _ in range(10):
            imap.append("INBOX", "", '"01-Jan-2026 12:00:00 +0000"', message)
        for number in range(300):
            imap.append("INBOX", "", '"01-Jan-2026 12:00:00 +0000"', plain(number, body="x" * 60 + "\n"))
    async with on_dovecot.gateway.client(user) as client:
        await client.post(PATH, json=RUN | {"limit": 1})  # warm
        before = most = on_dovecot.gateway.memory()
        ends, got = 0, 0
        async with client.stream("POST", PATH, json=RUN) as answer:
            async for line in answer.aiter_lines():
                ends += "end" in json.loads(line)
                got += len(line)
                if ends % 3 == 0:
                    await asyncio.sleep(0)
                    most = max(most, on_dovecot.gateway.memory())
    assert (ends, got > 80_000_000) == (310, True)
    assert most - before < 24_000_000, (before, most)
