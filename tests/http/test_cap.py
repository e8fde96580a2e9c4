"""The size and the pace of a request's body."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message

from gateway.errors import TooLarge
from gateway.http.cap import TooSlow, capped, timely


def scope(length: str | None) -> dict[str, object]:
    headers = [] if length is None else [(b"content-length", length.encode())]
    return {"type": "http", "headers": headers}


async def ten() -> Message:
    return {"type": "http.request", "body": b"x" * 10, "more_body": True}


async def test_an_announced_length_is_refused_unread() -> None:
    capped(scope("20"), ten, 20)
    with pytest.raises(TooLarge):
        capped(scope("21"), ten, 20)


async def test_octets_are_counted() -> None:
    receive = capped(scope(None), ten, 20)
    await receive()
    await receive()
    with pytest.raises(TooLarge):
        await receive()


async def test_a_client_that_sends_nothing_is_not_waited_for() -> None:
    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(TooSlow):
        await timely(never, 0.001)()
    assert (await timely(ten, 10)())["body"] == b"x" * 10
