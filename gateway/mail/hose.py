"""Octets from the mail server to a client that may be slow, without holding a connection for it.

The whole range travels as one literal with back-pressure: the fastest way on every server. A client that has a megabyte
wait for ``slow_client_seconds``, by stalling or by trickling, loses that connection's service; the rest comes to it in
windows of 1 MB, each fetched on a connection of its own moment, a little before the last one is used up. So does the
rest after a lost connection: a message never changes, so it goes on where it was.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from gateway.accounts.account import Account
from gateway.errors import ConnectionLost, ProtocolViolation
from gateway.imap.encode.fetch_item import Section
from gateway.imap.name import MailboxName
from gateway.mail.address import check_validity
from gateway.mail.again import reading
from gateway.mail.desk import Desk

WINDOW = 1 << 20
HELD = 1 << 18


class Octets(Struct, frozen=True):
    """Octets ``start`` to ``stop`` (exclusive; None: to the end) of a section of one message."""

    name: MailboxName
    uidvalidity: int
    uid: int
    section: Section
    start: int = 0
    stop: int | None = None

    def window(self, at: int, most: int | None = None) -> Section:
        """The section to ask for from ``at`` on, ``most`` octets at the most."""
        stop = self.stop if most is None else at + most if self.stop is None else min(self.stop, at + most)
        if at == 0 and stop is None:
            return self.section
        return replace(self.section, partial=(at, (stop if stop is not None else 0xFFFF_FFFF) - at))


class Hose:
    """A bounded run of octets between a task that fetches and a client that reads."""

    def __init__(self, desk: Desk, account: Account, what: Octets) -> None:
        self._desk, self._account, self._what = desk, account, what
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._passed, self._waited = 0, 0.0  # octets of the present megabyte, and seconds that it waited for the client
        self._data, self._room = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._at = what.start
        self.size: int | None = None

    async def open(self) -> None:
        """Start fetching; returns once the server has begun to answer, so that a refusal can still be told."""
        self._task = asyncio.create_task(self._fetch())
        self._task.add_done_callback(lambda _: self._data.set())
        await self._data.wait()
        if self._task.done() and not self._pieces:
            self._task.result()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """The next octets. Raises what the fetching raised."""
        assert self._task is not None
        while not self._pieces:
            if self._task.done():
                self._task.result()
                raise StopAsyncIteration
            self._data.clear()
            await self._data.wait()
        piece = self._pieces.popleft()
        self._held -= len(piece)
        self._room.set()
        return piece

    async def aclose(self) -> None:
        """Stop, and give the connection back, whether or not anything was read."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
            if not self._task.cancelled():
                self._task.exception()  # looked at, though nobody reads on to it

    async def _fetch(self) -> None:
        try:
            await self._direct()
        except ConnectionLost:
            if self.size is None:
                raise  # nothing was told yet: the whole verb can be tried again
        while self.size is not None and self._at < self._what.start + self.size:
            await self._nearly_empty()
            await self._one_window()

    async def _direct(self) -> None:
        """One literal, until it ends or the client stalls."""
        what = self._what
        async with self._desk.folder(self._account, what.name) as (session, mailbox):
            check_validity(mailbox, what.uidvalidity)
            async with session.stream(what.uid, what.window(self._at)) as stream:
                self.size = stream.size
                self._data.set()
                async for piece in stream:
                    self._at += len(piece)
                    if not await self._put(piece):
                        return

    @reading
    async def _one_window(self) -> None:
        """The next megabyte, fetched while the client takes the end of the last."""
        what, pieces = self._what, []
        async with self._desk.folder(self._account, what.name) as (session, mailbox):
            check_validity(mailbox, what.uidvalidity)
            async with session.stream(what.uid, what.window(self._at, WINDOW)) as stream:
                if stream.size is None or stream.size > WINDOW:
                    raise ProtocolViolation("the mail server sends more than was asked for")
                pieces = [piece async for piece in stream]
        if not pieces:
            raise ConnectionLost("the message became shorter while it was read")
        for piece in pieces:
            self._at += len(piece)
            self._add(piece)

    async def _put(self, piece: bytes) -> bool:
        """Hand over a piece; False where the client is too slow (the piece is kept all the same)."""
        self._add(piece)
        self._passed += len(piece)
        if self._passed >= WINDOW:
            self._passed, self._waited = 0, 0.0
        clock = asyncio.get_running_loop().time
        while self._held > HELD:
            self._room.clear()
            began = clock()
            try:
                # not wait_for(): before Python 3.12 it can swallow a cancellation
                async with asyncio.timeout(self._desk.limits.slow_client_seconds - self._waited):
                    await self._room.wait()
            except TimeoutError:
                return False
            self._waited += clock() - began
        return True

    async def _nearly_empty(self) -> None:
        while self._held > HELD:
            self._room.clear()
            await self._room.wait()

    def _add(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._held += len(piece)
        self._data.set()


async def octets(desk: Desk, account: Account, what: Octets) -> tuple[int | None, Hose]:
    """How many octets will come, and the octets. Raises before the first where there are none to have."""
    hose = Hose(desk, account, what)
    try:
        await hose.open()
    except BaseException:
        await hose.aclose()
        raise
    return hose.size, hose
