"""Downloads: ranges, conditions, and what happens when either side gives up."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from gateway.errors import ConnectionLost, NotFound
from gateway.http.boundary import AnswerCut
from gateway.http.disposition import disposition, media_type
from gateway.http.download import DownloadResponse
from gateway.mail.download import Download

from .chunks import Chunks
from .conftest import Gateway
from .doubles import CONTENT, TAG

RAW = "/v1/accounts/me/messages/m1/raw"
PART = "/v1/accounts/me/messages/m1/parts/1.2"


async def test_the_whole(client: httpx.AsyncClient, gateway: Gateway) -> None:
    answer = await client.get(RAW)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    expected = {
        "content-type": "message/rfc822",
        "content-length": "1024",
        "content-disposition": 'attachment; filename="message.eml"',
        "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "cache-control": "private, max-age=31536000, immutable",
        "vary": "Authorization",
        "x-content-type-options": "nosniff",
        "accept-ranges": "bytes",
        "etag": TAG,
    }
    assert {name: answer.headers.get(name) for name in expected} == expected
    assert all(chunks.closed for chunks in gateway.verbs.opened)


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=1000-9999", 1000, 1024),
        ("bytes=-24", 1000, 1024),
        ("bytes=0-", 0, 1024),
    ],
)
async def test_a_range(client: httpx.AsyncClient, asked: str, start: int, stop: int) -> None:
    answer = await client.get(RAW, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, CONTENT[start:stop])
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/1024"
    assert answer.headers["content-length"] == str(stop - start)


async def test_ranges_that_are_answered_with_the_whole(client: httpx.AsyncClient) -> None:
    for asked in ("bytes=0-1,5-6", "lines=1-2"):
        answer = await client.get(RAW, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (200, CONTENT)
        assert "content-range" not in answer.headers


async def test_ranges_that_can_not_be_served(client: httpx.AsyncClient) -> None:
    beyond = await client.get(RAW, headers={"Range": "bytes=1024-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */1024")
    assert beyond.json()["type"] == "/problems/range-not-satisfiable"
    broken = await client.get(RAW, headers={"Range": "bytes=5-2"})
    assert (broken.status_code, broken.json()["field"]) == (400, "Range")


async def test_where_there_are_no_ranges(client: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.verbs.ranges = False
    gateway.verbs.pieces = [b"abc", b"def"]
    answer = await client.get(PART, headers={"Range": "bytes=1-2"})
    assert (answer.status_code, answer.content) == (200, b"abcdef")
    assert answer.headers["accept-ranges"] == "none"
    assert "content-length" not in answer.headers


async def test_head(client: httpx.AsyncClient, gateway: Gateway) -> None:
    answer = await client.head(RAW, headers={"Range": "bytes=5-6"})
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "1024")
    assert answer.headers["etag"] == TAG
    gateway.verbs.ranges = False
    unknown = await client.head(PART)
    assert "content-length" not in unknown.headers
    assert all(chunks.closed for chunks in gateway.verbs.opened)


@pytest.mark.parametrize("condition", [TAG, f'W/{TAG}, "x"', "*"])
async def test_not_modified(client: httpx.AsyncClient, gateway: Gateway, condition: str) -> None:
    answer = await client.get(RAW, headers={"If-None-Match": condition, "Range": "bytes=9999-"})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", TAG)
    assert "content-length" not in answer.headers
    assert all(chunks.closed for chunks in gateway.verbs.opened)


async def test_conditions_that_fail(client: httpx.AsyncClient) -> None:
    other = await client.get(RAW, headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.content) == (200, CONTENT)
    failed = await client.get(RAW, headers={"If-Match": '"other"'})
    assert (failed.status_code, failed.json()["type"]) == (412, "/problems/precondition-failed")
    weak = await client.get(RAW, headers={"If-Match": f"W/{TAG}"})
    assert weak.status_code == 412


@pytest.mark.parametrize(
    ("condition", "status"), [(TAG, 206), ('"other"', 200), (f"W/{TAG}", 200), ("Fri, 20 Nov 2026 08:14:03 GMT", 200)]
)
async def test_if_range(client: httpx.AsyncClient, condition: str, status: int) -> None:
    answer = await client.get(RAW, headers={"Range": "bytes=0-3", "If-Range": condition})
    assert answer.status_code == status
    assert answer.content == (CONTENT[:4] if status == 206 else CONTENT)


async def test_a_failure_before_the_first_octet_is_a_problem(client: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.verbs.pieces = [NotFound("expunged")]
    answer = await client.get(RAW)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    assert all(chunks.closed for chunks in gateway.verbs.opened)


@pytest.mark.parametrize(
    "pieces", [[b"x" * 100, ConnectionLost("gone")], [b"x" * 100], [b"x" * 2000], [b"x" * 1000, b"x" * 25]]
)
async def test_an_answer_that_can_not_be_completed_is_broken_off(
    client: httpx.AsyncClient, gateway: Gateway, pieces: list[bytes]
) -> None:
    gateway.verbs.pieces = pieces
    with pytest.raises(AnswerCut):
        await client.get(RAW)
    assert all(chunks.closed for chunks in gateway.verbs.opened)


async def test_a_client_that_leaves_ends_the_source() -> None:
    waiting, sent = asyncio.Event(), asyncio.Event()
    chunks = Chunks([b"first", waiting])
    download = Download("text/plain", None, TAG, None, 0, None, False, chunks)
    messages: list[Message] = []

    async def receive() -> Message:
        await sent.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        messages.append(message)
        if message.get("body"):
            sent.set()

    with pytest.raises(ClientDisconnect):
        await DownloadResponse(download, ranged=False)({"type": "http"}, receive, send)
    assert chunks.closed
    assert [message.get("body") for message in messages] == [None, b"first"]


async def test_the_source_is_not_read_ahead_of_the_client() -> None:
    chunks = Chunks([b"1", b"2", b"3"])
    download = Download("text/plain", None, TAG, 3, 0, 3, True, chunks)
    taken, go_on = asyncio.Semaphore(0), asyncio.Semaphore(0)

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        taken.release()
        await go_on.acquire()

    serving = asyncio.create_task(DownloadResponse(download, ranged=False)({"type": "http"}, receive, send))
    for read in (1, 1, 2, 3):
        await taken.acquire()
        assert chunks.position == read
        go_on.release()
    go_on.release()
    await serving


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, "attachment"),
        ("report.pdf", 'attachment; filename="report.pdf"'),
        ('a"b\\c.txt', 'attachment; filename="c.txt"'),
        ("a\r\nX: y", 'attachment; filename="aX_ y"'),
        ("../../etc/passwd", 'attachment; filename="passwd"'),
        ("\u00fc.txt", "attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%BC.txt"),
        ("50%.txt", "attachment; filename=\"50_.txt\"; filename*=UTF-8''50%25.txt"),
        ("a\u202egpj.exe", 'attachment; filename="agpj.exe"'),
        ("...", 'attachment; filename="download"'),
        ("\ud800x", 'attachment; filename="x"'),
    ],
)
def test_file_names(name: str | None, expected: str) -> None:
    assert disposition(name, inline=False) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
        ('text/plain; charset="x y"', 'text/plain; charset="x y"'),
        ("text/plain\r\nX: y", "application/octet-stream"),
        ("text", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("text/pl\u00e4in", "application/octet-stream"),
    ],
)
def test_media_types(text: str, expected: str) -> None:
    assert media_type(text) == expected
