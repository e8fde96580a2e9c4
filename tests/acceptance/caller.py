"""A bare HTTP/1.1 client: it can leave at any octet, read as slowly as it likes, and costs little by itself."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

PIECE = 65_536


@dataclass(frozen=True)
class Head:
    """Status and header fields (names in lower case) of an answer."""

    status: int
    fields: Mapping[str, str]

    @property
    def length(self) -> int | None:
        text = self.fields.get("content-length")
        return None if text is None else int(text)

    @property
    def chunked(self) -> bool:
        return self.fields.get("transfer-encoding", "").lower() == "chunked"

    @property
    def empty(self) -> bool:
        return self.status in (204, 304)


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    head: Head
    content: bytes

    @property
    def status(self) -> int:
        return self.head.status

    def json(self) -> Any:
        return json.loads(self.content)


class Caller:
    """One kept connection as one user. ``buffer``: octets that the kernel may hold for a slow reader."""

    def __init__(self, port: int, headers: Mapping[str, str], *, buffer: int | None = None) -> None:
        self._port, self._buffer = port, buffer
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """Drop the connection, wherever the answer stands."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None

    async def send(
        self, method: str, path: str, *, value: object = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """A request of the caller's account; ``value`` goes as JSON."""
        body = b"" if value is None else json.dumps(value).encode()
        more = dict(headers or {})
        if value is not None:
            more |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        await self._start(method, path, more)
        if body:
            self._writer_now.write(body)

    async def upload(self, path: str, size: int, source: AsyncIterable[bytes]) -> Reply:
        """POST a message of ``size`` octets as they come."""
        await self._start("POST", path, {"Content-Type": "message/rfc822", "Content-Length": str(size)})
        async for piece in source:
            self._writer_now.write(piece)
            await self._writer_now.drain()
        return await self._rest(await self.head())

    async def ask(
        self, method: str, path: str, *, value: object = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """A request and its whole answer."""
        await self.send(method, path, value=value, headers=headers)
        return await self._rest(await self.head())

    async def head(self) -> Head:
        lines = (await self._reader_now.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines[1:] if line)
        return Head(int(lines[0].split(" ", 2)[1]), {name.lower(): value.strip() for name, _, value in pairs})

    async def pieces(self, head: Head) -> AsyncIterator[bytes]:
        """The body as it comes. Raises IncompleteReadError where it is cut."""
        if head.empty:
            return
        if head.chunked:
            while size := int(await self._reader_now.readuntil(b"\r\n"), 16):
                yield await self._reader_now.readexactly(size)
                await self._reader_now.readexactly(2)
            await self._reader_now.readexactly(2)
            return
        left = head.length or 0
        while left:
            piece = await self._reader_now.read(min(left, PIECE))
            if not piece:
                raise asyncio.IncompleteReadError(b"", left)
            left -= len(piece)
            yield piece

    async def _rest(self, head: Head) -> Reply:
        content = b"".join([piece async for piece in self.pieces(head)])
        if head.fields.get("connection", "").lower() == "close":
            self.leave()
        return Reply(head, content)

    async def _start(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        if self._writer is None:
            await self._dial()
        extra = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"{method} /v1/accounts/me{path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n{self._headers}{extra}\r\n"
        self._writer_now.write(head.encode("ascii"))

    async def _dial(self) -> None:
        sock = socket.socket()
        sock.setblocking(False)
        if self._buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._buffer)
        try:
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self._port))
            self._reader, self._writer = await asyncio.open_connection(sock=sock, limit=PIECE)
        except BaseException:
            sock.close()
            raise

    @property
    def _reader_now(self) -> asyncio.StreamReader:
        assert self._reader is not None
        return self._reader

    @property
    def _writer_now(self) -> asyncio.StreamWriter:
        assert self._writer is not None
        return self._writer
