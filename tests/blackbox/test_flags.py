"""Flags over HTTP, on every server."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from .conftest import Site
from .mail import plain, stored


async def test_put_delete_and_patch(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1))
    assert (await client.put(f"/messages/{made}/flags/$flagged")).json()["flags"] == ["$flagged"]
    assert (await client.put(f"/messages/{made}/flags/Work")).json()["flags"] == ["$flagged", "work"]
    assert (await client.delete(f"/messages/{made}/flags/$flagged")).json()["flags"] == ["work"]
    both = await client.patch(f"/messages/{made}/flags", json={"add": ["$seen"], "remove": ["work"]})
    assert both.json()["flags"] == ["$seen"]
    whole = await client.patch(f"/messages/{made}/flags", json={"set": ["$answered", "$draft"]})
    assert whole.json()["flags"] == ["$answered", "$draft"]
    assert (await client.get(f"/messages/{made}/flags")).json()["flags"] == ["$answered", "$draft"]


async def test_if_match_guards_a_flag_write(client: httpx.AsyncClient, site: Site, user: str) -> None:
    made = await stored(client, plain(1))
    etag = (await client.get(f"/messages/{made}/flags")).headers["etag"]
    with site.imap(user) as other:
        other.select("INBOX")
        other.store("1", "+FLAGS", "(\\Flagged)")
        refused = await client.patch(f"/messages/{made}/flags", json={"add": ["$seen"]}, headers={"If-Match": etag})
        assert refused.status_code == 412
        now = await client.get(f"/messages/{made}/flags")
        assert now.json()["flags"] == ["$flagged"]
        done = await client.patch(
            f"/messages/{made}/flags", json={"add": ["$seen"]}, headers={"If-Match": now.headers["etag"]}
        )
        assert done.json()["flags"] == ["$flagged", "$seen"]


@pytest.mark.parametrize(
    "patch",
    [
        {"add": ["two words"]},
        {"add": ["\\Seen) (\\Deleted"]},
        {"add": ["a\r\nA1 LOGOUT"]},
        {"add": ["{10}"]},
        {"add": [""]},
        {"add": ["$seen"], "set": []},
        {"add": ["$seen"], "remove": ["$seen"]},
        {},
        {"adds": ["$seen"]},
        {"add": "seen"},
        {"add": ["\\Recent"]},
    ],
)
async def test_bad_flags_are_refused_and_nothing_happens(client: httpx.AsyncClient, patch: dict[str, object]) -> None:
    made = await stored(client, plain(1))
    answer = await client.patch(f"/messages/{made}/flags", json=patch)
    assert answer.status_code == 400, answer.text
    assert answer.json()["field"]
    assert (await client.get(f"/messages/{made}/flags")).json()["flags"] == []


async def test_many_at_once_with_an_outcome_each(client: httpx.AsyncClient) -> None:
    made = [await stored(client, plain(number)) for number in range(4)]
    await client.delete(f"/messages/{made[1]}", params={"permanent": "true"})
    answer = await client.post("/folders/inbox/flags", json={"ids": made, "add": ["$seen"]})
    results = answer.json()["results"]
    assert [result["id"] for result in results] == made
    assert [result["status"] for result in results] == [200, 404, 200, 200]
    assert results[0]["flags"] == ["$seen"]
    by_filter = await client.post("/folders/inbox/flags", json={"filter": {"unseen": False}, "remove": ["$seen"]})
    assert [result["flags"] for result in by_filter.json()["results"]] == [[], [], []]


async def test_concurrent_flag_writes_all_count(client: httpx.AsyncClient) -> None:
    made = await stored(client, plain(1))
    names = [f"label{number}" for number in range(12)]
    answers = await asyncio.gather(*(client.put(f"/messages/{made}/flags/{name}") for name in names))
    assert {answer.status_code for answer in answers} == {200}
    assert (await client.get(f"/messages/{made}/flags")).json()["flags"] == sorted(names)


@pytest.mark.parametrize(
    "patch", [{"add": ["$seen", "work"]}, {"add": ["work"], "remove": ["$seen"]}, {"set": ["$flagged"]}, {"set": []}]
)
async def test_what_a_change_answers_is_what_is_read_then(
    client: httpx.AsyncClient, patch: dict[str, list[str]]
) -> None:
    made = await stored(client, plain(1))
    for _ in ("a change", "the same again, which changes nothing"):
        changed = await client.patch(f"/messages/{made}/flags", json=patch)
        read = await client.get(f"/messages/{made}/flags")
        assert (changed.status_code, read.status_code) == (200, 200)
        assert changed.json() == read.json()
        assert changed.headers["etag"] == read.headers["etag"]
        unchanged = {"If-Match": changed.headers["etag"]}
        assert (await client.put(f"/messages/{made}/flags/$seen", headers=unchanged)).status_code == 200
        assert (await client.delete(f"/messages/{made}/flags/$seen")).status_code == 200
