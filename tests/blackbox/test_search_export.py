"""Taking away what a search finds, on every server: over folders, in pieces, cut off, and confirmed."""

from __future__ import annotations

import hashlib
import io
import random
import zipfile
from collections.abc import Mapping
from typing import Any

import httpx

from gateway.http.packed import unmarked

from .conftest import Site
from .mail import ids, plain, stored, with_attachment
from .mbox import MBOX_LINE, confirmation, messages_of

YES: Mapping[str, Any] = {"filter": {"subject": "yes"}}


async def manifest(client: httpx.AsyncClient, wanted: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    answer = await client.post("/exports/manifest", json={**wanted, **more})
    assert answer.status_code == 200, answer.text
    value: dict[str, Any] = answer.json()
    return value


async def spread(client: httpx.AsyncClient) -> dict[str, bytes]:
    """Messages by id, in three folders; every third is to be found."""
    other = (await client.post("/folders", json={"name": "Übersicht: Projekte"})).json()["id"]
    made = {}
    for number in range(9):
        message = plain(number, subject="yes" if number % 3 == 0 else "no", body=f"From body {number}\n")
        for folder in ("inbox", "archive", other):
            made[await stored(client, message, folder)] = message
    return made


async def test_what_is_found_in_several_folders(client: httpx.AsyncClient) -> None:
    made = await spread(client)
    listed = await client.post("/exports/manifest", json=YES)
    entries = listed.json()["messages"]
    found = [entry["id"] for entry in entries]
    assert sorted(found) == sorted(one for one, message in made.items() if b"Subject: yes" in message)
    page = await client.post("/search", json=dict(YES))
    assert sorted(found) == sorted(message["id"] for message in page.json()["messages"])
    mbox = await client.post("/exports", json=dict(YES), headers={"If-Match": listed.headers["etag"]})
    assert (mbox.status_code, mbox.headers["content-type"]) == (200, "application/mbox"), mbox.text[:200]
    assert mbox.headers["etag"] == unmarked(listed.headers["etag"])
    assert messages_of(mbox.content, [entry["size"] for entry in entries]) == [made[one] for one in found]
    zipped = await client.post("/exports", params={"format": "zip"}, json=dict(YES))
    with zipfile.ZipFile(io.BytesIO(zipped.content)) as read:
        assert read.namelist() == [entry["name"] for entry in entries]
        assert [read.read(name) for name in read.namelist()] == [made[one] for one in found]
        assert len({name.partition("/")[0] for name in read.namelist()}) == 3
    assert len(await ids(client, unseen="true")) == 9  # nothing was marked as read


async def test_in_pieces_by_the_cursor(client: httpx.AsyncClient) -> None:
    await spread(client)
    whole = await manifest(client, YES)
    assert whole["nextCursor"] is None
    for limit in (1, 2, 4):
        seen: list[Any] = []
        more: dict[str, str] = {}
        while True:
            page = await manifest(client, YES, limit=limit, **more)
            assert len(page["messages"]) <= limit
            seen += page["messages"]
            if page["nextCursor"] is None:
                break
            more = {"cursor": page["nextCursor"]}
        assert seen == whole["messages"]
    for number, entry in enumerate(whole["messages"]):
        rest = await manifest(client, YES, cursor=entry["cursor"])
        assert rest["messages"] == whole["messages"][number + 1 :]


async def test_conditions_that_the_server_can_not_decide(client: httpx.AsyncClient) -> None:
    plain_one = await stored(client, plain(1))
    attached = await stored(client, with_attachment(b"x" * 5000))
    in_archive = await stored(client, with_attachment(b"y" * 5000), "archive")
    wanted = {"filter": {"operator": "AND", "conditions": [{"hasAttachment": True}, {"minSize": 1000}]}}
    found = [entry["id"] for entry in (await manifest(client, wanted))["messages"]]
    assert sorted(found) == sorted((attached, in_archive))
    inbox = await manifest(client, {"filter": {"hasAttachment": False}, "folders": ["inbox"]})
    assert [entry["id"] for entry in inbox["messages"]] == [plain_one]
    assert (await manifest(client, {"filter": {"inMailbox": "inbox", "inMailboxOtherThan": ["inbox"]}})) == {
        "messages": [],
        "nextCursor": None,
    }


async def test_who_is_cut_off_goes_on_after_the_last_whole_message(client: httpx.AsyncClient) -> None:
    data, made = random.Random(7), {}
    for number in range(12):
        message = plain(number, subject="yes", body=data.randbytes(150_000).hex() + "\n")
        made[await stored(client, message, "inbox" if number % 2 else "archive")] = message
    entries = (await manifest(client, YES))["messages"]
    sizes, part = [entry["size"] for entry in entries], b""
    async with client.stream("POST", "/exports", json=dict(YES)) as answer:
        async for chunk in answer.aiter_raw():
            part += chunk
            if len(part) > sum(sizes[:7]) + 1000:
                break  # and hang up, in the second folder
    whole = len(MBOX_LINE.findall(part)) - 1  # the last one may lack its end
    assert 7 <= whole < 12
    got = messages_of(part, sizes[:whole])
    rest = await client.post("/exports", json={**YES, "cursor": entries[whole - 1]["cursor"]})
    got += messages_of(rest.content, sizes[whole:])
    assert got == [made[entry["id"]] for entry in entries]


async def test_an_export_that_would_hold_something_else_is_refused(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1, subject="yes"))
    await stored(client, plain(2, subject="yes"), "archive")
    tag = (await client.post("/exports/manifest", json=dict(YES))).headers["etag"]
    await client.delete(f"/messages/{made}", params={"permanent": "true"})
    answer = await client.post("/exports", json=dict(YES), headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["field"]) == (412, "If-Match")


async def test_a_folder_that_goes_meanwhile_is_told(client: httpx.AsyncClient) -> None:
    folder = (await client.post("/folders", json={"name": "Short-lived"})).json()["id"]
    for number in range(3):
        await stored(client, plain(number, subject="yes"), folder)
    wanted = {**YES, "folders": ["inbox", folder]}
    cursor = (await manifest(client, wanted, limit=2))["nextCursor"]
    await client.delete(f"/folders/{folder}", params={"force": "true"})
    named = await client.post("/exports/manifest", json={**wanted, "cursor": cursor})
    assert named.status_code == 404, named.text
    cursor = (await manifest(client, YES))["nextCursor"]
    assert cursor is None

    await stored(
        client, plain(1, subject="yes"), again := (await client.post("/folders", json={"name": "B"})).json()["id"]
    )
    await stored(client, plain(2, subject="yes"), again)
    cursor = (await manifest(client, YES, limit=1))["nextCursor"]
    await client.delete(f"/folders/{again}", params={"force": "true"})
    answer = await client.post("/exports/manifest", json={**YES, "cursor": cursor})
    assert (answer.status_code, answer.json()["field"]) == (410, "cursor")


async def test_what_is_proved_is_deleted_in_every_folder_and_nothing_else(client: httpx.AsyncClient) -> None:
    made = await spread(client)
    marked = await stored(client, plain(77), flags="$deleted")  # by another client: not ours to expunge
    entries = (await manifest(client, YES))["messages"]
    messages = [made[entry["id"]] for entry in entries]
    proof = confirmation(entries, messages)
    wrong = {
        "sha256": proof | {"sha256": hashlib.sha256(messages[0]).hexdigest()},
        "count": proof | {"count": 2},
        "ids": proof | {"ids": [*(entry["id"] for entry in entries[:-1]), entries[0]["id"]]},
    }
    for field, body in wrong.items():
        answer = await client.post("/exports/confirm", params={"thenDelete": "true"}, json=body)
        assert (answer.json()["field"], answer.status_code in (400, 409)) == (field, True), answer.text
    checked = await client.post("/exports/confirm", json=proof)
    size = sum(map(len, messages))
    assert checked.json() == {"count": 9, "size": size, "deleted": 0}
    assert len((await manifest(client, YES))["messages"]) == 9
    done = await client.post("/exports/confirm", params={"thenDelete": "true"}, json=proof)
    assert done.json() == {"count": 9, "size": size, "deleted": 9}
    left = {entry["id"] for entry in (await manifest(client, {}))["messages"]}
    assert left == {marked, *(one for one in made if one not in {entry["id"] for entry in entries})}
    again = await client.post("/exports/confirm", params={"thenDelete": "true"}, json=proof)
    assert (again.status_code, again.json()["field"]) == (409, "ids")


async def test_each_wrong_member_is_named(client: httpx.AsyncClient) -> None:
    await stored(client, plain(1, subject="yes"))
    await stored(client, plain(2, subject="yes"))
    cursor = (await manifest(client, YES, limit=1))["nextCursor"]
    other = {"filter": {"subject": "no"}, "cursor": cursor}
    search = (await client.post("/search", json={**YES, "limit": 1})).json()["nextCursor"]
    for body, status, field in (
        (other, 400, "cursor"),
        ({**YES, "cursor": search}, 400, "cursor"),
        ({**YES, "cursor": "AAAA"}, 400, "cursor"),
        ({"folders": ["inbox", "nowhere"]}, 400, "folders[1]"),
        ({"filter": {"subject": "yes", "someInThreadHaveKeyword": "$seen"}}, 422, "filter.someInThreadHaveKeyword"),
        ({"filter": {"operator": "AND"}}, 400, "filter.conditions"),
        ({"limit": 0}, 400, "limit"),
        ({"limit": 10_001}, 400, "limit"),
        ({"sort": []}, 400, "sort"),
    ):
        for path in ("/exports/manifest", "/exports"):
            answer = await client.post(path, json=body)
            assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text
    bad = await client.post("/exports", json={}, params={"format": "tar"})
    assert (bad.status_code, bad.json()["field"]) == (400, "format")


async def test_scopes(site: Site, user: str, client: httpx.AsyncClient) -> None:
    proof = {"ids": [await stored(client, plain(1))], "count": 1, "sha256": "0" * 64}
    base = f"{site.gateway.url}/v1/accounts/me/exports"
    async with httpx.AsyncClient(trust_env=False) as bare:
        metadata = site.gateway.headers(user, scope="mail.metadata")
        reading = site.gateway.headers(user, scope="mail.read")
        deleting = site.gateway.headers(user, scope="mail.delete")
        for path in (base, f"{base}/manifest"):
            assert (await bare.post(path, json={}, headers=metadata)).status_code == 403
            assert (await bare.post(path, json={}, headers=reading)).status_code == 200
        for headers in (reading, deleting):
            answer = await bare.post(f"{base}/confirm", params={"thenDelete": "true"}, headers=headers, json=proof)
            assert answer.status_code == 403
    assert await ids(client) == proof["ids"]


async def test_an_idempotency_key_keeps_no_mailbox(client: httpx.AsyncClient) -> None:
    await stored(client, plain(1, subject="yes"))
    key = {"Idempotency-Key": "export-1"}
    first = await client.post("/exports", json=dict(YES), headers=key)
    await stored(client, plain(2, subject="yes"))
    second = await client.post("/exports", json=dict(YES), headers=key)
    assert "idempotency-replayed" not in second.headers
    assert len(MBOX_LINE.findall(second.content)) == len(MBOX_LINE.findall(first.content)) + 1
