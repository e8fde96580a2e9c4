"""How full an account is, over HTTP, and what a full one answers."""

from __future__ import annotations

import httpx

from .conftest import Site
from .events import watching
from .mail import ids, plain, stored
from .sharing import circle, octets

MB = 1_048_576
RFC822 = {"Content-Type": "message/rfc822"}


async def quota(client: httpx.AsyncClient, **params: str) -> list[dict[str, object]]:
    answer = await client.get("/quota", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, object]] = answer.json()["resources"]
    return found


async def storage(client: httpx.AsyncClient) -> dict[str, int]:
    (found,) = [each for each in await quota(client) if each["name"] == "STORAGE"]
    assert found["resourceType"] == "octets"
    return {key: value for key, value in found.items() if isinstance(value, int)}


async def test_quota_is_told_in_octets_and_percent(sharing: Site) -> None:
    async with sharing.gateway.client(sharing.guest()) as client:
        empty = await storage(client)
        assert (empty["limit"], empty["percent"], empty["warnLimit"]) == (10 * MB, 0, 8 * MB)
        assert empty["used"] < 10_000
        await stored(client, octets(4 * MB))
        now = await storage(client)
        assert 4 * MB <= now["used"] <= 4.3 * MB
        assert now["percent"] == now["used"] * 100 // (10 * MB)
        inbox = (await client.get("/folders/inbox")).json()["id"]
        assert (await client.get("/quota")).json()["folderId"] == inbox
        assert await quota(client, folder="archive") == await quota(client, folder=inbox)
        tagged = await client.get("/quota")
        again = await client.get("/quota", headers={"If-None-Match": tagged.headers["etag"]})
        assert again.status_code == 304


async def test_a_full_account_says_so_and_goes_on(sharing: Site) -> None:
    async with sharing.gateway.client(sharing.guest()) as client:
        kept = [await stored(client, octets(4 * MB)) for _ in range(2)]
        over = await client.post("/folders/inbox/messages", content=octets(4 * MB), headers=RFC822)
        assert (over.status_code, over.json()["type"]) == (507, "/problems/over-quota"), over.text
        copied = await client.post(f"/messages/{kept[0]}/copy", json={"folder": "archive"})
        assert (copied.status_code, copied.json()["type"]) == (507, "/problems/over-quota"), copied.text
        assert set(await ids(client)) == set(kept)
        assert (await storage(client))["percent"] >= 80
        assert (await client.delete(f"/messages/{kept[0]}", params={"permanent": "true"})).status_code == 200
        assert await stored(client, plain(1))


async def test_a_stream_tells_when_a_threshold_is_crossed_up_and_down(sharing: Site) -> None:
    async with sharing.gateway.client(sharing.guest()) as client, watching(client, types="quota") as events:
        assert (await events.next()).kind == "hello"
        kept = [await stored(client, octets(4 * MB)) for _ in range(2)]
        full = await events.next()  # the first of the two crossed nothing
        assert (full.kind, full.id) == ("quota", None)
        crossed = full.data.pop("crossed")
        assert [(each["name"], each["threshold"], each["rising"]) for each in crossed] == [("STORAGE", 80, True)]
        assert full.data == (await client.get("/quota")).json()
        assert (await client.delete(f"/messages/{kept[0]}", params={"permanent": "true"})).status_code == 200
        again = await events.next()
        assert [(each["name"], each["threshold"], each["rising"]) for each in again.data["crossed"]] == [
            ("STORAGE", 80, False)
        ]
        assert [each["percent"] < 80 for each in again.data["resources"] if each["name"] == "STORAGE"] == [True]


async def test_quota_of_a_folder_that_is_not_there_or_no_folder(sharing: Site) -> None:
    async with sharing.gateway.client(sharing.guest()) as client:
        wrong = await client.get("/quota", params={"folder": "no such id!"})
        assert (wrong.status_code, wrong.json()["field"]) == (400, "folder")


async def test_quota_of_another_users_folder_is_theirs_or_kept_to_them(sharing: Site) -> None:
    async with circle(sharing) as pair:
        await pair.grant("mayReadItems")
        answer = await pair.guest.get("/quota", params={"folder": await pair.there()})
        if sharing.name == "dovecot":
            assert (answer.status_code, answer.json()["field"]) == (403, "folder"), answer.text
        else:
            assert answer.json()["resources"][0]["limit"] == 10 * MB
