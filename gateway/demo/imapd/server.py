"""The listening socket of the embedded mail server, with TLS from the first octet."""

from __future__ import annotations

import asyncio
import ssl

from gateway.demo.imapd.connection import LINE_LIMIT, Connection, Users
from gateway.demo.imapd.folder import Store


class MailServer:
    """Serves ``store`` on the loopback; the port is the system's choice."""

    def __init__(self, store: Store, users: Users, tls: ssl.SSLContext) -> None:
        self.store = store
        self._users = users
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def start(self, host: str = "127.0.0.1") -> int:
        """Listen; the port is returned."""
        self._server = await asyncio.start_server(self._accept, host, 0, ssl=self._tls, limit=LINE_LIMIT)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(Connection(self.store, self._users, reader, writer).serve())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
