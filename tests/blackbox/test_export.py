"""Taking a folder away over HTTP, on every server: whole, in pieces, cut off, and confirmed."""

from __future__ import annotations

import asyncio
import hashlib
import io
import random
import zipfile

import httpx
import pytest

from .conftest import Site
from .mail import ids, plain, stored
from .mbox import MBOX_LINE, confirmation, messages_of

ODD = (
    b"Subject: From here\r\nFrom: a@example.org\r\n\r\nFrom the start\r\n>From there\r\n>>From far\r\nFrom\r\n",
    b"Subject: no last line end\r\n\r\nFrom me to you",
    b"\r\nno header\r\n",
    b"From: =?utf-8?q?=C3=BC?= <odd sender>\r\nSubject: nobody\r\n\r\nx\r\n",
)


async def filled(client: httpx.AsyncClient) -> list[bytes]:
    messages = [*ODD, *(plain(number) for number in range(4)), plain(9, body="large\n" * 400_000)]
    for message in messages:
        await stored(client, message)
    return messages


async def manifest(client: httpx.AsyncClient, **params: str | int) -> httpx.Response:
    answer = await client.get("/folders/inbox/export/manifest", params=params)
    assert answer.status_code == 200, answer.text
    return answer


async def test_an_mbox_holds_every_octet(client: httpx.AsyncClient) -> None:
    messages = await filled(client)
    listed = await manifest(client)
    entries = listed.json()["messages"]
    assert [entry["size"] for entry in entries] == [len(message) for message in messages]
    assert listed.json()["nextCursor"] is None
    mbox = await client.get("/folders/inbox/export", headers={"If-Match": listed.headers["etag"]})
    assert (mbox.status_code, mbox.headers["content-type"]) == (200, "application/mbox"), mbox.text[:200]
    assert mbox.headers["cache-control"] == "private, no-store"
    assert "INBOX.mbox" in mbox.headers["content-disposition"]
    assert messages_of(mbox.content, [entry["size"] for entry in entries]) == messages
    assert len(MBOX_LINE.findall(mbox.content)) == len(messages)
    assert mbox.content.startswith(b"From a@example.org ")
    assert b"From MAILER-DAEMON " in mbox.content
    page = await client.get("/folders/inbox/messages", params={"unseen": "true"})
    assert len(page.json()["messages"]) == len(messages)  # nothing was marked as read


async def test_a_zip_holds_every_octet(client: httpx.AsyncClient) -> None:
    messages = await filled(client)
    entries = (await manifest(client)).json()["messages"]
    answer = await client.get("/folders/inbox/export", params={"format": "zip"})
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as read:
        assert read.testzip() is None
        assert read.namelist() == [entry["name"] for entry in entries]
        assert [read.read(name) for name in read.namelist()] == messages


async def test_exports_follow_one_another(client: httpx.AsyncClient) -> None:
    messages = [plain(number) for number in range(7)]
    made = [await stored(client, message) for message in messages]
    await client.delete(f"/messages/{made[2]}", params={"permanent": "true"})
    del messages[2], made[2]
    got: list[bytes] = []
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        listed = (await manifest(client, limit=2, **cursor)).json()
        answer = await client.get("/folders/inbox/export", params={"limit": 2, **cursor})
        got += messages_of(answer.content, [entry["size"] for entry in listed["messages"]])
        seen += [entry["id"] for entry in listed["messages"]]
        if listed["nextCursor"] is None:
            assert "link" not in answer.headers
            break
        assert f"cursor={listed['nextCursor']}" in answer.headers["link"]
        cursor = {"cursor": listed["nextCursor"]}
    assert (got, seen) == (messages, made)


async def test_who_is_cut_off_goes_on_after_the_last_whole_message(client: httpx.AsyncClient) -> None:
    data = random.Random(5)
    messages = [plain(number, body=data.randbytes(150_000).hex() + "\n") for number in range(12)]
    for message in messages:
        await stored(client, message)
    entries = (await manifest(client)).json()["messages"]
    sizes = [entry["size"] for entry in entries]
    part = b""
    async with client.stream("GET", "/folders/inbox/export") as answer:
        async for chunk in answer.aiter_raw():
            part += chunk
            if len(part) > sum(sizes[:5]) + 1000:
                break  # and hang up
    whole = len(MBOX_LINE.findall(part)) - 1  # the last one may lack its end
    assert 5 <= whole < 12
    got = messages_of(part, sizes[:whole])
    answer = await client.get("/folders/inbox/export", params={"cursor": entries[whole - 1]["cursor"]})
    got += messages_of(answer.content, sizes[whole:])
    assert got == messages
    assert len(await ids(client)) == 12  # and the account is served as before


async def test_only_what_the_filter_lets_through(client: httpx.AsyncClient) -> None:
    messages = [plain(number, subject="yes" if number % 3 == 0 else "no") for number in range(9)]
    for message in messages:
        await stored(client, message)
    listed = (await manifest(client, subject="yes", limit=2)).json()
    rest = (await manifest(client, subject="yes", limit=2, cursor=listed["nextCursor"])).json()
    assert (len(listed["messages"]), len(rest["messages"]), rest["nextCursor"]) == (2, 1, None)
    mbox = (await client.get("/folders/inbox/export", params={"subject": "yes"})).content
    assert messages_of(mbox, [len(message) for message in messages[::3]]) == messages[::3]
    other = await client.get("/folders/inbox/export", params={"subject": "no", "cursor": listed["nextCursor"]})
    assert (other.status_code, other.json()["field"]) == (400, "cursor")


async def test_an_export_that_would_hold_something_else_is_refused(client: httpx.AsyncClient) -> None:
    made = [await stored(client, plain(number)) for number in range(3)]
    tag = (await manifest(client)).headers["etag"]
    again = await client.get("/folders/inbox/export/manifest", headers={"If-None-Match": tag})
    assert again.status_code == 304
    await client.delete(f"/messages/{made[1]}", params={"permanent": "true"})
    answer = await client.get("/folders/inbox/export", headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["field"]) == (412, "If-Match")


async def test_an_empty_folder(client: httpx.AsyncClient) -> None:
    assert (await manifest(client)).json() == {"messages": [], "nextCursor": None}
    assert (await client.get("/folders/inbox/export")).content == b""
    archive = (await client.get("/folders/inbox/export", params={"format": "zip"})).content
    assert zipfile.ZipFile(io.BytesIO(archive)).namelist() == []
    head = await client.head("/folders/inbox/export")
    assert (head.status_code, head.content) == (200, b"")
    assert "content-length" not in head.headers


async def test_what_is_proved_is_deleted_and_nothing_else(client: httpx.AsyncClient) -> None:
    messages = await filled(client)
    marked = await stored(client, plain(77), flags="$deleted")  # marked by another client: not ours to expunge
    entries = (await manifest(client)).json()["messages"][: len(messages)]
    proof = confirmation(entries, messages)
    url = "/folders/inbox/export/confirm"
    checked = await client.post(url, json=proof)
    size = sum(map(len, messages))
    assert checked.json() == {"count": len(messages), "size": size, "deleted": 0}
    done = await client.post(url, params={"thenDelete": "true"}, json=proof)
    assert done.json() == {"count": len(messages), "size": size, "deleted": len(messages)}
    assert await ids(client) == [marked]
    again = await client.post(url, params={"thenDelete": "true"}, json=proof)
    assert (again.status_code, again.json()["field"]) == (409, "ids")
    assert await ids(client) == [marked]


async def test_what_is_not_proved_stays(client: httpx.AsyncClient) -> None:
    messages = [plain(number) for number in range(3)]
    made = [await stored(client, message) for message in messages]
    entries = (await manifest(client)).json()["messages"]
    proof = confirmation(entries, messages)
    wrong = {
        "sha256": proof | {"sha256": hashlib.sha256(messages[0]).hexdigest()},
        "count": proof | {"count": 2},
        "ids": proof | {"ids": [*made[:2], made[1]]},
    }
    reordered = confirmation(entries[::-1], messages)
    for field, body in (*wrong.items(), ("sha256", reordered)):
        answer = await client.post("/folders/inbox/export/confirm", params={"thenDelete": "true"}, json=body)
        assert answer.status_code in (400, 409), answer.text
        assert answer.json()["field"] == field
    other = await client.post("/folders/archive/export/confirm", params={"thenDelete": "true"}, json=proof)
    assert (other.status_code, other.json()["field"]) == (400, "ids")
    assert sorted(await ids(client)) == sorted(made)


async def test_scopes(site: Site, user: str, client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1))
    proof = {"ids": [made], "count": 1, "sha256": "0" * 64}
    base = f"{site.gateway.url}/v1/accounts/me/folders/inbox/export"
    async with httpx.AsyncClient(trust_env=False) as bare:
        metadata = site.gateway.headers(user, scope="mail.metadata")
        reading = site.gateway.headers(user, scope="mail.read")
        deleting = site.gateway.headers(user, scope="mail.delete")
        assert (await bare.get(base, headers=metadata)).status_code == 403
        assert (await bare.get(f"{base}/manifest", headers=metadata)).status_code == 403
        assert (await bare.get(base, headers=reading)).status_code == 200
        for headers in (reading, deleting):
            answer = await bare.post(f"{base}/confirm", params={"thenDelete": "true"}, headers=headers, json=proof)
            assert answer.status_code == 403


@pytest.mark.parametrize("format_", ["mbox", "zip"])
async def test_sixty_megabytes_in_constant_memory(on_dovecot: Site, format_: str) -> None:
    user = on_dovecot.guest()
    body = "".join(f"{number:075}\r\n" for number in range(78_000))  # six megabytes
    message = plain(1, body="small\n").replace(b"small\r\n", body.encode())
    with on_dovecot.imap(user) as imap:
        for _ in range(10):
            imap.append("INBOX", "", None, message)
        for number in range(300):
            imap.append("INBOX", "", None, plain(number, body="x" * 60 + "\n"))
    async with on_dovecot.gateway.client(user) as client:
        await client.get("/folders/inbox/export", params={"limit": 1})  # warm
        before = most = on_dovecot.gateway.memory()
        digest, got = hashlib.sha256(), 0
        async with client.stream("GET", "/folders/inbox/export", params={"format": format_}) as answer:
            async for chunk in answer.aiter_raw():
                digest.update(chunk)
                got += len(chunk)
                if got % 7 == 0:
                    await asyncio.sleep(0)
                most = max(most, on_dovecot.gateway.memory())
    assert got > 60_000_000
    assert most - before < 24_000_000, (before, most)
