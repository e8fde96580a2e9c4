"""Over a real HTTP server: what only shows on a socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn

from gateway.errors import ConnectionLost

from .conftest import Gateway
from .doubles import ALL_SCOPES, GivenUp

HEAD = f"Host: gateway.example.org\r\nAuthorization: Bearer {ALL_SCOPES}\r\n"
RAW = f"GET /v1/accounts/me/messages/m1/raw HTTP/1.1\r\n{HEAD}\r\n".encode()


@pytest.fixture
async def address(gateway: Gateway) -> AsyncIterator[tuple[str, int]]:
    config = uvicorn.Config(
        gateway.app, host="127.0.0.1", port=0, http="httptools", lifespan="off", log_config=None, ws="none"
    )  # log_config: levels of its loggers would stay behind in this process
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0)
        assert not serving.done()
    yield server.servers[0].sockets[0].getsockname()
    server.should_exit = True
    server.force_exit = True
    await serving
    for connection in list(server.server_state.connections):
        connection.transport.abort()
    await asyncio.sleep(0)  # the sockets of aborted transports are closed in the loop's next turn


async def exchange(address: tuple[str, int], request: bytes) -> bytes:
    """All that comes back until the server closes."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(request)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_cut_answer_is_seen_as_cut(gateway: Gateway, address: tuple[str, int]) -> None:
    gateway.verbs.pieces = [b"x" * 100, ConnectionLost("gone")]
    answer = await exchange(address, RAW)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"200 OK" in head
    assert b"content-length: 1024" in head
    assert len(body) < 1024
    gateway.verbs.ranges = False  # of unknown length, so chunked: the last chunk must be missing
    answer = await exchange(address, RAW)
    assert b"transfer-encoding: chunked" in answer
    assert not answer.endswith(b"0\r\n\r\n")


async def test_a_client_that_leaves_ends_a_download(gateway: Gateway, address: tuple[str, int]) -> None:
    gateway.verbs.ranges = False
    gateway.verbs.pieces = [b"first", asyncio.Event()]
    reader, writer = await asyncio.open_connection(*address)
    writer.write(RAW)
    await reader.readuntil(b"first")
    writer.transport.abort()
    async with asyncio.timeout(10):
        await gateway.verbs.opened[0].ended.wait()


async def test_a_client_that_leaves_ends_a_stream(gateway: Gateway, address: tuple[str, int]) -> None:
    gateway.hub.stream.beats = 1
    reader, writer = await asyncio.open_connection(*address)
    writer.write(f"GET /v1/accounts/me/events HTTP/1.1\r\n{HEAD}\r\n".encode())
    await reader.readuntil(b":\n\n")
    writer.transport.abort()
    async with asyncio.timeout(10):
        await gateway.hub.stream.ended.wait()


async def test_a_read_is_given_up_when_nobody_waits(gateway: Gateway, address: tuple[str, int]) -> None:
    gate = gateway.verbs.gate = GivenUp()
    _, writer = await asyncio.open_connection(*address)
    writer.write(f"GET /v1/accounts/me/folders HTTP/1.1\r\n{HEAD}\r\n".encode())
    await gateway.verbs.entered.wait()
    writer.transport.abort()
    async with asyncio.timeout(10):
        await gate.cancelled.wait()


async def test_an_endless_upload_is_refused_and_cut(address: tuple[str, int], gateway: Gateway) -> None:
    head = f"POST /v1/accounts/me/folders HTTP/1.1\r\n{HEAD}Content-Type: application/json\r\n"
    answer = await exchange(address, f"{head}Content-Length: 1000000000\r\n\r\n".encode() + b"x" * 1000)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer
    chunked = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + b"1000\r\n" + b"x" * 4096 + b"\r\n5\r\nxxxxx\r\n"
    assert (await exchange(address, chunked)).startswith(b"HTTP/1.1 413 ")
    assert not gateway.verbs.calls


async def test_half_an_upload_stores_nothing(
    gateway: Gateway, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: asyncio.Queue[int] = asyncio.Queue()

    def count(route: str, method: str, status: int, seconds: float) -> None:
        counted.put_nowait(status)

    monkeypatch.setattr(gateway.services.metrics, "request", count)
    _, writer = await asyncio.open_connection(*address)
    head = f"POST /v1/accounts/me/folders/inbox/messages HTTP/1.1\r\n{HEAD}Content-Type: message/rfc822\r\n"
    writer.write(f"{head}Content-Length: 1000\r\n\r\n".encode() + b"x" * 500)
    await writer.drain()
    writer.close()
    async with asyncio.timeout(10):
        assert await counted.get() == 499
    assert not gateway.verbs.calls
