"""The HTTP server's connection, octet by octet: what a head may be, and what becomes of an upgrade."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from typing import NoReturn

import pytest
import uvicorn

from gateway.http import connection
from gateway.http.connection import HEAD_FIELDS, HEAD_OCTETS, Connection
from gateway.mail.request import FolderCreate

from .conftest import Gateway
from .doubles import ALL_SCOPES, GivenUp

HOST = b"Host: gateway.example.org\r\n"
HEAD = HOST + f"Authorization: Bearer {ALL_SCOPES}\r\n".encode()
UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
CREATE = b"POST /v1/accounts/me/folders HTTP/1.1\r\n" + HEAD + b"Content-Type: application/json\r\n"
FOLDER = b'{"name":"Reports"}'
PUBLIC = b"GET /problems/not-found HTTP/1.1\r\n"
LAST = PUBLIC + HOST + b"Connection: close\r\n\r\n"


@pytest.fixture
async def address(gateway: Gateway) -> AsyncIterator[tuple[str, int]]:
    config = uvicorn.Config(gateway.app, host="127.0.0.1", port=0, http=Connection, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0)
        assert not serving.done()
    yield server.servers[0].sockets[0].getsockname()
    server.should_exit = server.force_exit = True
    await serving
    for each in list(server.server_state.connections):
        each.transport.abort()
    await asyncio.sleep(0)  # the sockets of aborted transports are closed in the loop's next turn


async def exchange(address: tuple[str, int], *pieces: bytes) -> bytes:
    """All that comes back until the server closes; the pieces arrive one by one."""
    reader, writer = await asyncio.open_connection(*address)
    async with asyncio.timeout(10):
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                for _ in range(3):
                    await asyncio.sleep(0)  # the server has its turn: else they would arrive together
            answer = await reader.read()
        except ConnectionError:
            answer = b""  # closed while we were still sending
    writer.close()
    return answer


async def send_for_ever(writer: asyncio.StreamWriter) -> NoReturn:
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0)


def statuses(answer: bytes) -> list[int]:
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]


def by_octets(data: bytes) -> Iterable[bytes]:
    return (data[at : at + 1] for at in range(len(data)))


@pytest.mark.parametrize(
    "head",
    [
        b"X-Long: " + b"a" * HEAD_OCTETS + b"\r\n",
        b"".join(b"X-%d: a\r\n" % number for number in range(HEAD_FIELDS)),
        b"".join(b"X-%d: %b\r\n" % (number, b"a" * 1000) for number in range(100)),
    ],
    ids=["long", "many", "both"],
)
async def test_a_head_over_its_bounds_is_refused(address: tuple[str, int], head: bytes) -> None:
    answer = await exchange(address, PUBLIC + HOST + head + b"\r\n")
    assert statuses(answer) == [431]
    problem = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert problem["type"] == "/problems/head-too-large"
    assert problem["requestId"].encode() in answer.partition(b"\r\n\r\n")[0]


async def test_a_head_that_never_ends_is_refused_early(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(PUBLIC + HOST + b"X-Endless: ")
    async with asyncio.timeout(20):
        reading = asyncio.create_task(reader.read())
        while not reading.done():
            writer.write(b"a" * HEAD_OCTETS)
            await writer.drain()
            await asyncio.sleep(0)
    assert statuses(reading.result()) == [431]
    writer.transport.abort()


async def test_who_is_still_sending_hears_the_answer(address: tuple[str, int]) -> None:
    """A connection that is closed with octets unread is reset, and the reset overtakes the answer."""
    body = b"x" * 8_000_000
    head = b"POST /v1/accounts/me/folders/inbox/messages HTTP/1.1\r\n" + HEAD + b"Content-Type: message/rfc822\r\n"
    answer = await exchange(address, head + b"Content-Length: %d\r\n\r\n" % len(body), body)
    assert statuses(answer) == [413]


async def test_but_not_for_ever(gateway: Gateway, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PARTING_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection(*address)
    writer.write(CREATE + b"Content-Length: 99999999\r\n\r\n")
    async with asyncio.timeout(10):
        assert statuses(await reader.read()) == [413]
        with pytest.raises(ConnectionError):
            await send_for_ever(writer)
    writer.close()


@pytest.mark.parametrize("beginning", [b"", b"GE", PUBLIC + b"X-Slow: a"])
async def test_a_head_has_to_come_in_time(
    address: tuple[str, int], beginning: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.05)
    assert await exchange(address, beginning) == b""


@pytest.mark.parametrize("beginning", [b"\r\n", b"GE", PUBLIC + b"X-Slow: a"])
async def test_so_has_the_next_one(address: tuple[str, int], beginning: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection(*address)
    writer.write(PUBLIC + HOST + b"\r\n")
    async with asyncio.timeout(4):  # less than an idle connection is kept
        await reader.readuntil(b"}")
        writer.write(beginning)
        assert await reader.read() == b""
    writer.close()


async def test_an_answer_takes_its_time(
    gateway: Gateway, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a head has to hurry: neither does the answer, nor what is pipelined behind it."""
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    gateway.verbs.ranges = False
    going_on = asyncio.Event()
    gateway.verbs.pieces = [b"first", going_on, b"second"]
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET /v1/accounts/me/messages/m1/raw HTTP/1.1\r\n" + HEAD + b"\r\n" + LAST[:30])
    async with asyncio.timeout(10):
        await reader.readuntil(b"first")
        await asyncio.sleep(0.6)  # three times the head's
        going_on.set()
        await reader.readuntil(b"second")
        writer.write(LAST[30:])
        assert statuses(await reader.read()) == [200]
    writer.close()


FOLDERS = b"GET /v1/accounts/me/folders HTTP/1.1\r\n" + HEAD


@pytest.mark.parametrize(
    "request_",
    [FOLDERS + b"\r\n", FOLDERS + b"\r\n" + PUBLIC + HOST + b"\r\n", FOLDERS + b"Content-Length: 2\r\n\r\n{}"],
    ids=["alone", "another request behind it", "with a body that nobody reads"],
)
async def test_a_read_is_given_up_when_nobody_waits(
    gateway: Gateway, address: tuple[str, int], request_: bytes
) -> None:
    gate = gateway.verbs.gate = GivenUp()
    _, writer = await asyncio.open_connection(*address)
    writer.write(request_)
    await gateway.verbs.entered.wait()
    writer.transport.abort()
    async with asyncio.timeout(10):
        await gate.cancelled.wait()


@pytest.mark.parametrize("hosts", [b"", HOST * 2])
async def test_a_request_has_one_host(address: tuple[str, int], hosts: bytes) -> None:
    answer = await exchange(address, PUBLIC + hosts + b"\r\n")
    assert statuses(answer) == [400]
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["field"] == "Host"


async def test_http_1_0_needs_none(address: tuple[str, int]) -> None:
    assert statuses(await exchange(address, PUBLIC.replace(b"HTTP/1.1", b"HTTP/1.0") + b"\r\n")) == [200]


@pytest.mark.parametrize(
    "request_",
    [b"\x16\x03\x01\x02\x00\x01", PUBLIC + HOST + b"Content-Length: 1\r\n" * 2 + b"\r\n"],
)
async def test_what_is_no_http_is_answered_with_a_problem(address: tuple[str, int], request_: bytes) -> None:
    answer = await exchange(address, request_)
    assert statuses(answer) == [400]
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    assert json.loads(body)["type"] == "/problems/invalid-request"


async def test_no_complaint_stands_in_the_middle_of_another_answer(gateway: Gateway, address: tuple[str, int]) -> None:
    gateway.verbs.ranges = False
    gateway.verbs.pieces = [b"first", asyncio.Event()]
    raw = b"GET /v1/accounts/me/messages/m1/raw HTTP/1.1\r\n" + HEAD + b"\r\n"
    reader, writer = await asyncio.open_connection(*address)
    writer.write(raw)
    async with asyncio.timeout(10):
        await reader.readuntil(b"first")
        writer.write(b"this is no HTTP\r\n\r\n")
        assert await reader.read() == b"\r\n"  # the end of that chunk, and no last chunk
    writer.close()


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "by octets"])
@pytest.mark.parametrize(
    "framed",
    [b"Content-Length: %d\r\n\r\n%b" % (len(FOLDER), FOLDER),
     b"Transfer-Encoding: chunked\r\n\r\n9\r\n%b\r\n9\r\n%b\r\n0\r\n\r\n" % (FOLDER[:9], FOLDER[9:])],
    ids=["length", "chunked"],
)  # fmt: skip
async def test_an_upgrade_is_ignored_and_the_body_read(
    gateway: Gateway, address: tuple[str, int], framed: bytes, whole: bool
) -> None:
    """Clients that can do HTTP/2 offer it so: Java's, and curl --http2."""
    request_ = CREATE + UPGRADE + framed + PUBLIC + HOST + UPGRADE + b"\r\n" + LAST
    answer = await exchange(address, *([request_] if whole else by_octets(request_)))
    assert statuses(answer) == [201, 200, 200]
    ((name, arguments),) = gateway.verbs.calls
    assert (name, arguments[-1]) == ("create_folder", FolderCreate(name="Reports"))


async def test_the_body_of_an_upgrade_is_no_request(gateway: Gateway, address: tuple[str, int]) -> None:
    smuggled = b"DELETE /v1/accounts/me/folders/AAAA HTTP/1.1\r\n" + HEAD + b"\r\n"
    head = PUBLIC.replace(b"GET", b"POST") + HOST + UPGRADE + b"Content-Length: %d\r\n\r\n" % len(smuggled)
    answer = await exchange(address, head, smuggled, LAST)
    assert statuses(answer) == [405, 200]


@pytest.mark.parametrize("method", [b"BREW", b"get", b"G3T", b"X-" + b"Y" * 60])
async def test_a_method_that_nobody_knows_is_not_implemented(address: tuple[str, int], method: bytes) -> None:
    answer = await exchange(address, method + b" /problems/not-found HTTP/1.1\r\n" + HOST + b"\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 501 "), answer
    assert json.loads(body)["type"] == "/problems/method-unknown"


@pytest.mark.parametrize(
    "line", [b"\x16\x03\x01\x02\x00\x01", b"BREW\r\n", b"(x) / HTTP/1.1\r\n", b"BREW / SIP/2.0\r\n"]
)
async def test_what_is_no_request_line_is_no_method_either(address: tuple[str, int], line: bytes) -> None:
    assert (await exchange(address, line + HOST + b"\r\n")).startswith(b"HTTP/1.1 400 ")
