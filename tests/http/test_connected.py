"""Work for a client that is still there, told of its leaving by the HTTP server itself or by what is received."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from gateway.http.connected import while_connected


class Client:
    """``left`` is what the HTTP server would call; ``receive`` waits for the end."""

    def __init__(self) -> None:
        self.left: Callable[[], None] | None = None
        self.gone = asyncio.Event()

    def when_left(self, call: Callable[[], None] | None) -> None:
        self.left = call

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def leave(self) -> None:
        self.gone.set()
        if self.left is not None:
            self.left()
        await asyncio.sleep(0)


class Work:
    def __init__(self) -> None:
        self.begun, self.done = asyncio.Event(), asyncio.Event()
        self.cleaned = False

    async def run(self) -> str:
        self.begun.set()
        try:
            await self.done.wait()
        finally:
            self.cleaned = True
        return "found"


async def untouched() -> Message:
    raise AssertionError("nothing is received of a request that has nothing")


TOLD = pytest.mark.parametrize("told", [True, False])


def start(client: Client, work: Work, *, told: bool) -> asyncio.Task[str]:
    receive: Receive = untouched if told else client.receive
    return asyncio.create_task(while_connected(receive, work.run(), client.when_left if told else None))


@TOLD
async def test_what_was_found(told: bool) -> None:
    client, work = Client(), Work()
    task = start(client, work, told=told)
    await work.begun.wait()
    work.done.set()
    assert await task == "found"
    assert client.left is None
    await client.leave()  # which nobody hears any more


@TOLD
async def test_who_leaves_has_the_work_given_up(told: bool) -> None:
    client, work = Client(), Work()
    task = start(client, work, told=told)
    await work.begun.wait()
    await client.leave()
    with pytest.raises(ClientDisconnect):
        await task
    assert work.cleaned
    assert task.cancelling() == 0
    assert client.left is None


@TOLD
async def test_who_left_before_is_not_worked_for(told: bool) -> None:
    client, work = Client(), Work()

    def already(call: Callable[[], None] | None) -> None:
        if call is not None:
            call()

    client.gone.set()
    receive: Receive = untouched if told else client.receive
    task = asyncio.create_task(while_connected(receive, work.run(), already if told else None))
    with pytest.raises(ClientDisconnect):
        await task
    assert not work.done.is_set()


@TOLD
async def test_a_cancellation_from_outside_stays_one(told: bool) -> None:
    client, work = Client(), Work()
    task = start(client, work, told=told)
    await work.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert work.cleaned
    assert client.left is None


@TOLD
async def test_what_goes_wrong_goes_up(told: bool) -> None:
    client = Client()

    async def fail() -> str:
        raise LookupError

    receive: Receive = untouched if told else client.receive
    with pytest.raises(LookupError):
        await while_connected(receive, fail(), client.when_left if told else None)
    assert client.left is None
