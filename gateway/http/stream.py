"""An event stream to one client, from `hello` to `bye`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.errors import GatewayError
from gateway.http.base import LEAVING, WhenLeft
from gateway.http.boundary import AnswerCut
from gateway.http.connected import while_connected
from gateway.http.limited import forget
from gateway.http.remainder import remainder_of
from gateway.http.selected import Wanted
from gateway.http.services import Events
from gateway.http.sse import HEARTBEAT, Frames, frame, marks, pause
from gateway.live.event import Bye, Event, Hello, Reason, Resync
from gateway.mail.quota_level import QuotaNews
from gateway.mail.resource import Changes, FolderChanges
from gateway.metrics import EventKind, Metrics

HEADERS: Final = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "private, no-store",
    "Vary": "Authorization",
    "X-Accel-Buffering": "no",  # nginx would hold events back
}
_RETRY_MS: Final = 1000
"""The least that a client waits before it comes back, and up to three times as long: a thousand don't come at once."""
_STUCK_SECONDS: Final = 5.0
"""How long past the token's end a client may be stuck in receiving before it is cut off."""


class Terms(Struct, frozen=True, kw_only=True):
    """Under what a stream runs. ``expires_at`` is in the clock's seconds; ``random`` gives a number from 0 up to 1.

    ``closes_after_state``: the first event with an id, but for `hello`, is the last but the `bye`.
    """

    expires_at: float
    heartbeat: float
    clock: Callable[[], float]
    random: Callable[[], float]
    wanted: Wanted
    closes_after_state: bool = False
    frames: Frames = field(default_factory=Frames)


class StreamResponse(Response):
    """Ends by itself with the token, with the stream's own `bye`, or when the client leaves."""

    def __init__(self, events: Events, terms: Terms, metrics: Metrics) -> None:
        self.body = b""
        self.background = None
        self.status_code = 200
        self._events = events
        self._terms = terms
        self._metrics = metrics
        self._left = False
        self.init_headers(HEADERS)
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        remainder = remainder_of(scope)
        if remainder is None:
            await self._serve(scope.get(LEAVING), receive, send, begun=False)
            return
        try:
            await self._begin(send)
        except BaseException:
            self._events.close()
            raise
        scope.get("headers", []).clear()  # a long token, mostly, that is not looked at any more
        forget(scope)
        remainder.keep(partial(self._serve, scope.get(LEAVING), receive, begun=True))

    async def _serve(self, when_left: WhenLeft | None, receive: Receive, send: Send, *, begun: bool) -> None:
        left = self._terms.expires_at - self._terms.clock()
        try:
            async with asyncio.timeout(max(0.0, left) + _STUCK_SECONDS):
                await self._while_connected(when_left, receive, self._run(send, begun=begun))
        except TimeoutError:
            raise AnswerCut("the client took nothing until its token had expired") from None
        finally:
            self._events.close()

    async def _while_connected(
        self, when_left: WhenLeft | None, receive: Receive, run: Coroutine[Any, Any, None]
    ) -> None:
        """By a call of the HTTP server's where it is ours: a task that waits for the client to leave is saved."""
        if when_left is None:
            await while_connected(receive, run)
            return
        when_left(self._leave)
        try:
            await run
        finally:
            when_left(None)
        if self._left:
            raise ClientDisconnect

    def _leave(self) -> None:
        self._left = True
        self._events.close()  # which wakes it

    async def _begin(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})

    async def _run(self, send: Send, *, begun: bool) -> None:
        if not begun:
            await self._begin(send)
        ended = False
        while not ended:
            event = await self._next()
            if self._left:
                return
            if event is None:
                await self._send(send, HEARTBEAT)
                continue
            told = await self._tell(send, event)
            ended = isinstance(event, Bye)
            if self._terms.closes_after_state and told and not ended:
                await self._tell(send, self._bye("close-after"))
                ended = True
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, send: Send, event: Event) -> bool:
        """Whether the client is further now than before: it was sent a state, and not only its first."""
        terms, state = self._terms, self._events.state
        if isinstance(event, Hello):
            greeting = frame(replace(event, heartbeat_seconds=terms.heartbeat), state)
            self._metrics.event_sent("hello")
            await self._send(send, pause(self._retry()) + greeting)
            return False
        framed = terms.frames.of(event, terms.wanted, state)
        if framed is None:
            return False
        self._metrics.event_sent(_kind(event))
        await self._send(send, framed)
        return marks(framed)

    async def _next(self) -> Event | None:
        """The next event, or None for a heartbeat; what ends the stream from this side comes as a `bye` too."""
        left = self._terms.expires_at - self._terms.clock()
        if left <= 0:
            return self._bye("token-expired")
        try:
            event = await self._events.next(min(left, self._terms.heartbeat))
        except GatewayError:
            return self._bye("upstream-failed")
        expired = event is None and self._terms.expires_at <= self._terms.clock()
        return self._bye("token-expired") if expired else event

    def _bye(self, reason: Reason) -> Bye:
        return Bye(reason=reason, retry=self._retry())

    def _retry(self) -> int:
        return _RETRY_MS + int(self._terms.random() * 2 * _RETRY_MS)

    @staticmethod
    async def _send(send: Send, octets: bytes) -> None:
        await send({"type": "http.response.body", "body": octets, "more_body": True})


def _kind(event: Event) -> EventKind:
    match event:
        case Hello():
            return "hello"
        case Changes():
            return "changes"
        case FolderChanges():
            return "folders"
        case Resync():
            return "resync"
        case QuotaNews():
            return "quota"
        case Bye():
            return "bye"
