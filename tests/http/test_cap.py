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


async def test_who_has_sent_all_may_wait_for_the_answer() -> None:
    """Else work of more than the bound would end in 408 for a client that has nothing left to send."""
    messages: asyncio.Queue[Message] = asyncio.Queue()
    hurried = timely(messages.get, 0.01)
    messages.put_nowait({"type": "http.request", "body": b"a", "more_body": True})
    await hurried()
    with pytest.raises(TooSlow):
        await hurried()
    messages.put_nowait({"type": "http.request", "body": b"b", "more_body": False})
    await hurried()
    waiting = asyncio.ensure_future(hurried())
    done, _ = await asyncio.wait([waiting], timeout=0.1)
    assert not done
    messages.put_nowait({"type": "http.disconnect"})
    assert (await waiting)["type"] == "http.disconnect"
