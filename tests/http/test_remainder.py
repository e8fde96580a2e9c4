"""What is left to be sent once the layers have returned."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from gateway.http.boundary import AnswerCut
from gateway.http.remainder import Outside, remainder_of


class Record:
    """Counts what is sent, and when it ended."""

    def __init__(self) -> None:
        self.sent = 0
        self.closed = 0

    def through(self, send: Send) -> Send:
        async def counted(message: Message) -> None:
            self.sent += 1
            await send(message)

        return counted

    def close(self) -> None:
        self.closed += 1


class Run:
    """An answer that leaves ``work`` behind, or nothing."""

    def __init__(self, work: Callable[[Send], Awaitable[None]] | None) -> None:
        self.record, self.messages, self._work = Record(), list[Message](), work

    async def run(self) -> None:
        await Outside(self._app)({"type": "http", "path": "/"}, self._receive, self._send)

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        remainder = remainder_of(scope)
        assert remainder is not None
        if self._work is not None:
            remainder.keep(self._work)
            remainder.record = self.record
        assert not self.record.closed

    async def _receive(self) -> Message:
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.messages.append(message)


async def more(send: Send) -> None:
    await send({"type": "http.response.body", "body": b"rest", "more_body": False})


async def test_the_rest_is_sent_and_noted() -> None:
    run = Run(more)
    await run.run()
    assert [message.get("body") for message in run.messages] == [None, b"rest"]
    assert (run.record.sent, run.record.closed) == (1, 1)


async def test_where_nothing_is_left_nothing_is_done() -> None:
    run = Run(None)
    await run.run()
    assert len(run.messages) == 1
    assert not run.record.closed


async def test_a_failure_cuts_the_answer_and_a_client_that_leaves_is_none() -> None:
    async def broken(send: Send) -> None:
        raise ValueError

    async def left(send: Send) -> None:
        raise ClientDisconnect

    run = Run(broken)
    with pytest.raises(AnswerCut):
        await run.run()
    assert run.record.closed == 1
    run = Run(left)
    await run.run()
    assert run.record.closed == 1


async def test_other_servers_have_no_place_for_it() -> None:
    assert remainder_of({"type": "http"}) is None
