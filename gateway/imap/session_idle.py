"""Waiting for news of the selected mailbox: IDLE (RFC 2177), or NOOP now and then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from gateway.errors import ConnectionLost, ProtocolViolation
from gateway.imap.connection import Pending
from gateway.imap.encode.command import command
from gateway.imap.response import Condition, Response
from gateway.imap.session_select import Selecting
from gateway.waiting import Signal


class Pushes(Protocol):
    async def wait(self, timeout: float) -> bool:
        """True once the mailbox has changed or the server has said something; False after ``timeout`` seconds.

        News from before the call, also from before IDLE, counts: ``Mailbox.changed`` is taken and cleared.
        Raises what ended the connection.
        """


class Idling(Selecting):
    _news: asyncio.Event | None = None

    @asynccontextmanager
    async def idle(self, *, poll: float = 20.0) -> AsyncIterator[Pushes]:
        """``async with session.idle() as pushes: await pushes.wait(timeout)``. No other command goes meanwhile.

        Leaving sends DONE and waits for the tag; a cancelled one sends DONE and leaves the rest to ``settle()``.
        Without IDLE the server is asked every ``poll`` seconds.
        """
        if not self.capabilities.has("IDLE"):
            yield _Polled(self, poll)
            return
        pending = self._wire.command(command("IDLE"))
        idle = _Idle(self, pending)
        self._news = idle.news
        self._wire.start(pending)
        try:
            await idle.begun.wait()
            if pending.finished:
                await self._finish(pending)
                raise ProtocolViolation("the mail server ended IDLE before it began")
            yield idle
        except asyncio.CancelledError:
            idle.done()
            self._wire.abandon(pending)
            raise
        finally:
            self._news = None
            idle.done()
        await self._finish(pending)

    def _pushed(self, response: Response) -> None:
        if self._news is None or self._mailbox is None:
            return
        said = isinstance(response, Condition) and (response.status != "OK" or response.code is not None)
        if said:
            self._mailbox.changed = True
        if self._mailbox.changed:
            self._news.set()

    def _take_news(self) -> bool:
        changed = self._mailbox is not None and self._mailbox.changed
        if self._mailbox is not None:
            self._mailbox.changed = False
        return changed


class _Idle:
    def __init__(self, session: Idling, pending: Pending) -> None:
        self._session, self._pending = session, pending
        self._wire = session._wire
        self._idling = False
        self.begun = Signal()
        self.news = Signal()
        pending.on_continue = self._continued
        pending.on_end = self._ended

    def _continued(self, _: bytes) -> bytes | None:
        if self._pending.abandoned:
            return b"DONE"
        if not self.begun.is_set():
            self._idling = True
            self._wire.watch.wait()  # the server may be silent now
            self.begun.set()
        return None

    def _ended(self) -> None:
        self._stop()
        self.begun.set()
        self.news.set()

    def _stop(self) -> bool:
        was, self._idling = self._idling, False
        if was:
            self._wire.watch.go_on()
        return was

    def done(self) -> None:
        if self._stop():
            self._wire.writer.send(b"DONE\r\n")

    async def wait(self, timeout: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while not self._session._take_news():
                    if self._pending.finished:
                        await self._session._finish(self._pending)
                        raise ConnectionLost("the mail server ended IDLE")
                    self.news.clear()
                    await self.news.wait()
                return True
        return False


class _Polled:
    def __init__(self, session: Idling, poll: float) -> None:
        self._session, self._poll = session, poll

    async def wait(self, timeout: float) -> bool:
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        while True:
            if self._session._take_news():
                return True
            left = end - loop.time()
            if left <= 0:
                return False
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, self._poll)):
                    await self._session._wire.lost.wait()
            await self._session.noop()
