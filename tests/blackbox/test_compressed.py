"""Compressed answers of the running gateway: their octets, their entity tags, and who must not get them."""

from __future__ import annotations

import gzip
import json

import httpx
import pytest

from .mail import plain, stored

PAGE = "/folders/inbox/messages"
PACKED = {"Accept-Encoding": "gzip"}
BARE = {"Accept-Encoding": "identity"}


@pytest.fixture
async def filled(client: httpx.AsyncClient) -> httpx.AsyncClient:
    for number in range(8):
        await stored(client, plain(number))
    return client


async def raw(client: httpx.AsyncClient, path: str, headers: dict[str, str]) -> tuple[httpx.Response, bytes]:
    async with client.stream("GET", path, headers=headers) as answer:
        return answer, b"".join([piece async for piece in answer.aiter_raw()])


async def test_a_page_is_the_same_either_way(filled: httpx.AsyncClient) -> None:
    packed, octets = await raw(filled, PAGE, PACKED)
    bare, plain_octets = await raw(filled, PAGE, BARE)
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in bare.headers
    assert "Accept-Encoding" in packed.headers["vary"]
    assert packed.headers["vary"] == bare.headers["vary"]
    assert len(octets) < len(plain_octets) / 3
    assert gzip.decompress(octets) == plain_octets
    assert len(json.loads(plain_octets)["messages"]) == 8


async def test_either_tag_says_what_the_client_has(filled: httpx.AsyncClient) -> None:
    packed, bare = await filled.get(PAGE, headers=PACKED), await filled.get(PAGE, headers=BARE)
    assert packed.headers["etag"] != bare.headers["etag"]
    for tag in (packed.headers["etag"], bare.headers["etag"]):
        for accept in (PACKED, BARE):
            again = await filled.get(PAGE, headers={**accept, "If-None-Match": tag})
            assert (again.status_code, again.headers["etag"]) == (304, tag)


async def test_head_tells_of_what_get_would_send(filled: httpx.AsyncClient) -> None:
    whole, octets = await raw(filled, PAGE, PACKED)
    head = await filled.head(PAGE, headers=PACKED)
    assert head.headers["content-length"] == str(len(octets)) == whole.headers["content-length"]
    assert head.headers["etag"] == whole.headers["etag"]


async def test_a_change_may_depend_on_the_tag_of_a_compressed_message(filled: httpx.AsyncClient) -> None:
    """A message's own answer is short; its tag with the mark is understood all the same."""
    message = (await filled.get(PAGE, headers=BARE)).json()["messages"][0]["id"]
    tag = (await filled.get(f"/messages/{message}", headers=BARE)).headers["etag"]
    marked = tag[:-1] + ';gz"'
    change = {"add": ["$flagged"]}
    done = await filled.patch(f"/messages/{message}/flags", json=change, headers={"If-Match": marked})
    assert done.status_code == 200, done.text
    late = await filled.patch(f"/messages/{message}/flags", json=change, headers={"If-Match": marked})
    assert late.status_code == 412


async def test_a_kept_answer_is_for_everyone(filled: httpx.AsyncClient) -> None:
    """What is sent again for an Idempotency-Key goes to clients that take no gzip, too."""
    ask = {"operations": [{"id": "a", "method": "GET", "path": PAGE.removeprefix("/")}]}
    key = {"Idempotency-Key": "compressed-or-not"}
    first = await filled.post("/batch", json=ask, headers={**key, **PACKED})
    assert first.status_code == 200, first.text
    second = await filled.post("/batch", json=ask, headers={**key, **BARE})
    assert "content-encoding" not in second.headers
    assert second.json() == first.json()
