"""A web server of a few lines: documents and redirects by host and path, over TLS or not."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass
class WebServer:
    """``pages``: body, or a redirect as `Location: …`, by `host/path`. ``asked`` tells what came, query included."""

    tls: ssl.SSLContext | None = None
    pages: dict[str, bytes | str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    host: str = "127.0.0.1"
    port: int = 0
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, self.host, self.port, ssl=self.tls)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            target = head[0].split(" ")[1]
            host = next(line.partition(": ")[2] for line in head if line.lower().startswith("host:"))
            self.asked.append(f"{host}{target}")
            page = self.pages.get(f"{host.partition(':')[0]}{target.partition('?')[0]}")
            if isinstance(page, str):
                writer.write(f"HTTP/1.1 302 Found\r\n{page}\r\nContent-Length: 0\r\n\r\n".encode())
            elif page is None:
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            else:
                writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(page)}\r\n\r\n".encode() + page)
            await writer.drain()
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
