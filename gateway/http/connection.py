"""A client's HTTP/1.1 connection: uvicorn's, with bounds on a request's head, no upgrades, and an end that is heard.

A server may ignore Upgrade (RFC 9110 section 7.8). The parser rather takes such a request to end with its head: its
body would be lost, or be read as the next request.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable, Iterable
from typing import Any, Final, cast

import httptools
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from gateway.errors import ClientError, HeadTooLarge, InvalidRequest, MethodUnknown
from gateway.http.access import SECURITY
from gateway.http.base import LEAVING, REQUEST_ID
from gateway.http.cap import FRAMING
from gateway.http.problem import answer
from gateway.waiting import Pipeline, Signal

HEAD_OCTETS: Final = 65_536
"""Of a request line and its header fields: the largest cursor, condition and token have room in it."""

HEAD_FIELDS: Final = 200
"""Header fields of a request: every look-up of one walks through all."""

HEAD_SECONDS: Final = 20.0
"""How long a head may take, from the connection or from its first octet: nobody knows yet who it is from."""

PARTING_SECONDS: Final = 5.0
"""How long the rest of a request is still taken in, unread, after the last answer of a connection."""

PARTING_OCTETS: Final = 16 << 20
"""How much of it at the most: what a client has in flight, and not what a flood would like to send."""

TOGETHER: Final = 131_072
"""Octets of a body that go into one write with the head; more are not copied for it."""

_REQUEST_LINE: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64} [!-~]{1,8000} HTTP/1\.[01]\r?\n")
"""method SP request-target SP HTTP-version (RFC 9112 section 3): what is sound but for a method that nobody knows."""

_NO_HTTP: Final = "this is no HTTP request"


class Connection(HttpToolsProtocol):
    """Bounds a head in size and time, wants one Host (RFC 9112 section 3.2), ignores Upgrade, and parts in peace."""

    # beside uvicorn's own in a dict: one with more than thirty keys shares none of them with the other connections'
    __slots__ = (
        "_dropped", "_in_head", "_late", "_left", "_octets", "_parting", "_refusal", "_restarting",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pipeline = Pipeline()  # type: ignore[assignment]  # a deque there, which takes more
        self._octets = 0
        self._in_head = False
        self._restarting = False
        self._refusal: ClientError | None = None
        self._late: asyncio.TimerHandle | None = None
        self._parting = False
        self._dropped = 0
        self._left: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self.flow._is_writable_event = Signal()
        self.flow._is_writable_event.set()
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)
        if self._left is not None:
            self._left()

    def data_received(self, data: bytes) -> None:
        if self._parting:
            self._dropped += len(data)
            if self._dropped > PARTING_OCTETS:
                self._stop_waiting()
                self.transport.close()
            return
        self._unset_keepalive_if_required()
        self._octets += len(data) if self._in_head else 0
        try:
            self._feed(data)
            if self._in_head and self._octets > HEAD_OCTETS:
                self._refuse(HeadTooLarge(f"it may have {HEAD_OCTETS} octets"))
        except httptools.HttpParserInvalidMethodError:
            garbage = _REQUEST_LINE.match(data) is None
            self._refuse(InvalidRequest(_NO_HTTP) if garbage else MethodUnknown("no resource here has this method"))
        except httptools.HttpParserError:
            self._refuse(self._refusal or InvalidRequest(_NO_HTTP))
        if self._late is None and (self._in_head or not self._busy()) and not self.ended:
            self._expect_head()

    def on_message_begin(self) -> None:
        if not self._restarting:
            super().on_message_begin()
            cast("Scope", self.scope)[LEAVING] = self.when_left
            self._octets, self._in_head = 0, True

    def on_url(self, url: bytes) -> None:
        if not self._restarting:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._restarting:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self._restarting:
            return
        self._refusal = self._objection()
        if self._refusal is not None:
            raise self._refusal  # the parser hands it on as an error of its own
        self._in_head = False
        self._stop_waiting()
        super().on_headers_complete()
        self.cycle.message_event = Signal()
        self.cycle.transport = cast("asyncio.Transport", _Answering(self))

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        if self._parting:
            return
        super().on_response_complete()
        if self._in_head and not self._busy():  # half a head that came ahead: its time begins now
            self._stop_waiting()
            self._expect_head()

    def when_left(self, call: Callable[[], None] | None) -> None:
        """What is to be called once the connection is lost; None: nothing any more."""
        self._left = call
        if call is not None:
            self.flow.resume_reading()  # or the end is not heard behind a request that came ahead
        if call is not None and self.cycle.disconnected:
            call()

    @property
    def ended(self) -> bool:
        """No answer can be given any more."""
        return self._parting or self.transport.is_closing()

    def part(self) -> None:
        """Close, but not on a client that is still sending: that would be reset, and the answer on its way be lost.

        RFC 9112 section 9.6: the sending half is closed first, and the rest read and dropped for a while.
        """
        if self._parting:
            return
        sending = self._in_head or (self.cycle is not None and self.cycle.more_body)
        if not sending or self.transport.is_closing():
            self.transport.close()
            return
        self._parting = True
        self._stop_waiting()
        self.transport.write_eof()
        self.flow.resume_reading()
        self._late = self.loop.call_later(PARTING_SECONDS, self.transport.close)

    def _feed(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                self.parser.feed_data(rest)
                return
            except httptools.HttpParserUpgrade as upgrade:
                rest = rest[upgrade.args[0] :]  # what is behind the head
                self._restart()

    def _restart(self) -> None:
        """A parser that stands behind the present request's head, and knows of no upgrade."""
        framing = b"".join(b"%b: %b\r\n" % header for header in self.headers if header[0] in FRAMING)
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        self._restarting = True
        self.parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % framing)
        self._restarting = False

    def _objection(self) -> ClientError | None:
        """What is wrong with the head as a whole."""
        size = len(self.url) + sum(len(name) + len(value) + len(": \r\n") for name, value in self.headers)
        if size > HEAD_OCTETS or len(self.headers) > HEAD_FIELDS:
            return HeadTooLarge(f"it may have {HEAD_OCTETS} octets and {HEAD_FIELDS} header fields")
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (hosts < 1 and self.parser.get_http_version() != "1.0"):
            return InvalidRequest("a request has one Host", field="Host")
        return None

    def _refuse(self, error: ClientError) -> None:
        """Say what is wrong, unless that would be taken for (the rest of) an earlier request's answer, and end."""
        cycle = self.cycle
        open_answer = cycle is not None and not cycle.response_complete and (self._in_head or cycle.response_started)
        if not self.pipeline and not open_answer:
            self.transport.write(_octets(error, self.server_state.default_headers))
        self.part()

    def _busy(self) -> bool:
        return bool(self.pipeline) or (self.cycle is not None and not self.cycle.response_complete)

    def _expect_head(self) -> None:
        self._late = self.loop.call_later(HEAD_SECONDS, self._head_is_late)

    def _head_is_late(self) -> None:
        self._late = None
        if not self._busy():  # or nothing is read meanwhile
            self.transport.close()

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


class _Answering:
    """The transport, as far as an answer uses it. Its head is sent with what follows at once, else by itself."""

    __slots__ = ("_begun", "_connection", "_head")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._begun = False
        self._head = b""

    def write(self, data: bytes) -> None:
        if not self._begun:
            self._begun, self._head = True, data
            self._connection.loop.call_soon(self._alone)
        elif self._head:
            head, self._head = self._head, b""
            self._send(head + data if len(data) < TOGETHER else head)
            if len(data) >= TOGETHER:
                self._send(data)
        elif data:
            self._send(data)

    def is_closing(self) -> bool:
        return self._connection.ended

    def close(self) -> None:
        self._alone()
        self._connection.part()

    def _alone(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._send(head)

    def _send(self, data: bytes) -> None:
        if not self._connection.ended:
            self._connection.transport.write(data)


def _octets(error: ClientError, defaults: Iterable[tuple[bytes, bytes]]) -> bytes:
    scope: Scope = {"type": "http", "path": "", REQUEST_ID: secrets.token_hex(12)}
    response = answer(error, scope)
    for name, value in {**SECURITY, "X-Request-Id": scope[REQUEST_ID], "Connection": "close"}.items():
        response.headers.setdefault(name, value)
    lines = [b"%b: %b\r\n" % pair for pair in (*defaults, *response.raw_headers)]
    return b"".join([STATUS_LINE[response.status_code], *lines, b"\r\n", bytes(response.body)])
