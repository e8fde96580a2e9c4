"""A client's HTTP/1.1 connection: uvicorn's, with bounds on the head of a request, and none of its upgrades."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from typing import Any, Final

import httptools
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from gateway.errors import ClientError, HeadTooLarge, InvalidRequest
from gateway.http.access import SECURITY
from gateway.http.base import REQUEST_ID
from gateway.http.problem import answer

HEAD_OCTETS: Final = 65_536
"""Of a request line and its header fields: the largest cursor, condition and token have room in it."""

HEAD_FIELDS: Final = 200
"""Header fields of a request: every look-up of one walks through all."""

HEAD_SECONDS: Final = 20.0
"""How long a head may take, from the connection or from its first octet: nobody knows yet who it is from."""

_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})


class Connection(HttpToolsProtocol):
    """Bounds the size and the time of a head, wants one Host (RFC 9112 section 3.2), and ignores Upgrade.

    A server may ignore Upgrade (RFC 9110 section 7.8). The parser rather takes such a request to end with its head:
    its body would be lost, or be read as the next request.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._octets = 0
        self._in_head = False
        self._restarting = False
        self._refusal: ClientError | None = None
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self._octets += len(data) if self._in_head else 0
        try:
            self._feed(data)
            if self._in_head and self._octets > HEAD_OCTETS:
                self._refuse(HeadTooLarge(f"it may have {HEAD_OCTETS} octets"))
        except httptools.HttpParserError:
            self._refuse(self._refusal or InvalidRequest("this is no HTTP request"))
        if self._late is None and (self._in_head or not self._busy()) and not self.transport.is_closing():
            self._expect_head()

    def on_message_begin(self) -> None:
        if not self._restarting:
            super().on_message_begin()
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

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_message_complete()

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
        framing = b"".join(b"%b: %b\r\n" % header for header in self.headers if header[0] in _FRAMING)
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
        self.transport.close()

    def _busy(self) -> bool:
        return bool(self.pipeline) or (self.cycle is not None and not self.cycle.response_complete)

    def _expect_head(self) -> None:
        self._late = self.loop.call_later(HEAD_SECONDS, self._head_is_late)

    def _head_is_late(self) -> None:
        self._late = None
        if self._busy():  # nothing is read meanwhile
            self._expect_head()
        else:
            self.transport.close()

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def _octets(error: ClientError, defaults: Iterable[tuple[bytes, bytes]]) -> bytes:
    scope: Scope = {"type": "http", "path": "", REQUEST_ID: secrets.token_hex(12)}
    response = answer(error, scope)
    for name, value in {**SECURITY, "X-Request-Id": scope[REQUEST_ID], "Connection": "close"}.items():
        response.headers.setdefault(name, value)
    lines = [b"%b: %b\r\n" % pair for pair in (*defaults, *response.raw_headers)]
    return b"".join([STATUS_LINE[response.status_code], *lines, b"\r\n", bytes(response.body)])
