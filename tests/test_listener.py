"""Two HTTP servers in one loop, and the last answer on a kept connection."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from gateway.errors import ConfigurationError
from gateway.listener import Leaving, Listener, listen
from gateway.settings.bind import Bind


async def test_a_kept_connection_is_closed_by_the_answer_once_we_are_leaving() -> None:
    leaving = Leaving(PlainTextResponse("here"))
    listener = Listener(leaving, lifespan=False, finish_seconds=1)
    with listen(Bind("127.0.0.1", 0), "test") as sock:
        serving = asyncio.create_task(listener.serve([sock]))
        await listener.ready.wait()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{sock.getsockname()[1]}", trust_env=False) as client:
            before = await client.get("/")
            leaving.leave()
            after = await client.get("/")
            listener.should_exit = True
            await asyncio.wait_for(serving, 5)

    assert "connection" not in before.headers
    assert after.headers["connection"] == "close"
    assert after.text == "here"


def test_a_port_in_use_is_a_configuration_error_that_names_the_key() -> None:
    with listen(Bind("127.0.0.1", 0), "test") as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"server\.bind: .*in use.*127\.0\.0\.1:{port}"):
            listen(Bind("127.0.0.1", port), "server.bind")


def test_ipv6_is_listened_on() -> None:
    with listen(Bind("::1", 0), "test") as sock:
        assert sock.getsockname()[0] == "::1"


async def test_leaving_before_everything_is_open_is_an_orderly_end_too() -> None:
    """A signal while the start still waits, such as for an issuer."""
    opening, opened = asyncio.Event(), asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        opening.set()
        await opened.wait()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    listener = Listener(app, lifespan=True, finish_seconds=1)
    with listen(Bind("127.0.0.1", 0), "test") as sock:
        serving = asyncio.create_task(listener.serve([sock]))
        await opening.wait()
        await listener.stop_listening(sock)
        listener.should_exit = True
        opened.set()
        await asyncio.wait_for(serving, 5)
