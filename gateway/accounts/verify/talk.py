"""Lines with a server: in plain text first, and under TLS on the same connection.

The plain part is read from the socket by ourselves: what a server, or somebody in between, says ahead of TLS stays
there and is an error, instead of passing for what was said under TLS.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Final, Protocol

from gateway.errors import ConnectFailed, ConnectionLost, DeadlinePassed, ProtocolViolation, TlsFailed
from gateway.imap.connection_open import dialled
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.tls import explain

LINE_MAX: Final = 4096  # octets


class Talk(Protocol):
    """One line at a time, without its CRLF."""

    async def line(self) -> bytes:
        """Raises ConnectionLost, ProtocolViolation."""
        ...

    async def say(self, octets: bytes) -> None: ...

    def close(self) -> None: ...


class PlainTalk:
    """Before TLS."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = b""

    async def line(self) -> bytes:
        loop = asyncio.get_running_loop()
        while b"\n" not in self._buffer:
            if len(self._buffer) > LINE_MAX:
                raise ProtocolViolation("the server's line has no end")
            try:
                more = await loop.sock_recv(self._sock, LINE_MAX)
            except OSError as error:
                raise ConnectionLost("the server ended the connection") from error
            if not more:
                raise ConnectionLost("the server ended the connection")
            self._buffer += more
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.removesuffix(b"\r")

    async def say(self, octets: bytes) -> None:
        try:
            await asyncio.get_running_loop().sock_sendall(self._sock, octets)
        except OSError as error:
            raise ConnectionLost("the server ended the connection") from error

    def close(self) -> None:
        self._sock.close()

    async def secure(self, host: str, context: ssl.SSLContext, seconds: float) -> TlsTalk:
        """TLS on the same connection, which is closed where it fails. Raises TlsFailed, DeadlinePassed."""
        if self._buffer:
            self.close()
            raise TlsFailed("the server sent data ahead of TLS")
        try:
            async with asyncio.timeout(seconds):
                reader, writer = await asyncio.open_connection(
                    sock=self._sock, ssl=context, server_hostname=host, limit=LINE_MAX
                )
        except TimeoutError as error:
            raise DeadlinePassed("no TLS in time") from error
        except OSError as error:
            raise TlsFailed(f"no trusted TLS connection to the server: {explain(error)}") from error
        return TlsTalk(reader, writer)


class TlsTalk:
    """Under TLS."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @property
    def tls(self) -> ssl.SSLObject | None:
        found = self._writer.get_extra_info("ssl_object")
        return found if isinstance(found, ssl.SSLObject) else None

    async def line(self) -> bytes:
        try:
            return (await self._reader.readuntil(b"\n")).rstrip(b"\r\n")
        except asyncio.LimitOverrunError as error:
            raise ProtocolViolation("the server's line has no end") from error
        except (asyncio.IncompleteReadError, OSError) as error:
            raise ConnectionLost("the server ended the connection") from error

    async def say(self, octets: bytes) -> None:
        try:
            self._writer.write(octets)
            await self._writer.drain()
        except OSError as error:
            raise ConnectionLost("the server ended the connection") from error

    def close(self) -> None:
        self._writer.transport.abort()


async def plainly(endpoint: Endpoint, deadlines: Deadlines) -> PlainTalk:
    """Connected, to one of the addresses that were checked. Raises ConnectFailed, DeadlinePassed."""
    try:
        async with asyncio.timeout(deadlines.connect):
            return PlainTalk(await dialled(endpoint, deadlines))
    except TimeoutError as error:
        raise DeadlinePassed("no answer in time") from error
    except OSError as error:
        raise ConnectFailed(f"no connection: {explain(error).lower()}") from error
