"""An HTTP server that takes no signals: who runs it says when it ends. Two of them share one process and loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import ConfigurationError
from gateway.http.connection import Connection
from gateway.http.remainder import Outside
from gateway.settings.bind import Bind

BACKLOG = 2048
KEEP_ALIVE_SECONDS = 75
SETTLE_SECONDS = 0.5  # in which a connection that was just made sends its request


class Leaving:
    """ASGI middleware: from ``leave()`` on, every answer closes its connection (RFC 9112 section 9.6).

    So a client on a kept connection learns from an answer, not from a reset, that it has to go elsewhere.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._leaving = False

    def leave(self) -> None:
        self._leaving = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def closing(message: Message) -> None:
            if self._leaving and message["type"] == "http.response.start":
                message = _with_close(message)
            await send(message)

        await self._app(scope, receive, closing if scope["type"] == "http" else send)


def _with_close(message: MutableMapping[str, Any]) -> Message:
    return {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}


class Listener(uvicorn.Server):
    """``finish_seconds``: how long running requests may take once ``should_exit`` is set; ``ready``: it serves now."""

    def __init__(self, app: ASGIApp, *, lifespan: bool, finish_seconds: float) -> None:
        super().__init__(
            uvicorn.Config(
                Outside(app),
                lifespan="on" if lifespan else "off",
                http=Connection,
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=max(1, round(finish_seconds)),
            )
        )

        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self.ready.set()

    async def stop_listening(self, sock: socket.socket) -> None:
        """Close the port, but serve whoever had connected by then: closing alone would reset those in its queue."""
        if not self.ready.is_set():
            return  # nothing is open yet that could serve them
        loop = asyncio.get_running_loop()
        queued = list(_queued(sock))
        for server in self.servers:
            server.close()
        for accepted in queued:
            with contextlib.suppress(OSError):  # gone again
                await loop.connect_accepted_socket(self._protocol, accepted)
        if self.server_state.connections:
            await asyncio.sleep(SETTLE_SECONDS)

    def _protocol(self) -> asyncio.Protocol:
        kind: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
        return kind(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _queued(sock: socket.socket) -> Iterator[socket.socket]:
    """The connections that wait to be accepted."""
    for _ in range(BACKLOG):
        try:
            accepted, _ = sock.accept()
        except OSError:  # none is left
            return
        accepted.setblocking(False)
        yield accepted


def listen(bind: Bind, key: str) -> socket.socket:
    """A bound, listening socket. Raises ConfigurationError that names ``key``."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            bind.host, bind.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(address)
            sock.listen(BACKLOG)
        except OSError:
            sock.close()
            raise
    except OSError as error:
        reason = (error.strerror or "unusable").lower()
        raise ConfigurationError(f"can't listen: {reason}", key=key, where=f"{bind.host}:{bind.port}") from error
    sock.setblocking(False)
    return sock
