"""An IMAP server of a few lines that has an empty inbox, and the faults that a test gives it."""

from __future__ import annotations

import asyncio
import base64
import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from .certificates import ServerCertificate

IDLE_QUOTA = "IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2 IDLE QUOTA"


def serving(certificate: ServerCertificate) -> ssl.SSLContext:
    """The server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    return context


@dataclass
class TinyImap:
    """``tls``: from the beginning, or behind STARTTLS with ``starttls``. ``greeting`` None: it says nothing.

    ``refusal``: the whole answer to a sign-in but the tag, such as `NO [UNAVAILABLE] later`. ``quota``: used and limit,
    in KiB. ``commands`` holds what clients said, ``password`` is the one that opens it.
    """

    tls: ssl.SSLContext | None = None
    starttls: bool = False
    greeting: bytes | None = b"* OK tiny IMAP ready\r\n"
    capabilities: str = IDLE_QUOTA
    refusal: str | None = None
    password: str = "password"
    quota: tuple[int, int] = (10, 1000)
    host: str = "127.0.0.1"
    port: int = 0
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        begins = None if self.starttls else self.tls
        self._server = await asyncio.start_server(self._serve, self.host, self.port, ssl=begins)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            if self.greeting is None:
                await reader.read()
            else:
                writer.write(self.greeting)
                while line := (await reader.readline()).decode("utf-8", "replace").strip():
                    await self._answer(line, reader, writer)
        except (ConnectionError, ssl.SSLError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _answer(self, line: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.commands.append(line)
        tag, _, rest = line.partition(" ")
        name = rest.partition(" ")[0].upper()
        ok = f"{tag} OK done\r\n"
        match name:
            case "CAPABILITY":
                offered = f"{self.capabilities} STARTTLS" if self.starttls else self.capabilities
                writer.write(f"* CAPABILITY {offered}\r\n{ok}".encode())
            case "STARTTLS" if self.starttls and self.tls is not None:
                writer.write(ok.encode())
                await writer.drain()
                await writer.start_tls(self.tls)
            case "AUTHENTICATE" | "LOGIN":
                writer.write(f"{tag} {self._judged(rest)}\r\n".encode())
            case "SELECT" | "EXAMINE":
                writer.write(
                    f"* FLAGS ()\r\n* 0 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT 1] ok\r\n{ok}".encode()
                )
            case "IDLE":
                writer.write(b"+ idling\r\n")
                await reader.readline()
                writer.write(ok.encode())
            case "GETQUOTAROOT":
                used, limit = self.quota
                writer.write(f'* QUOTAROOT INBOX ""\r\n* QUOTA "" (STORAGE {used} {limit})\r\n{ok}'.encode())
            case "LOGOUT":
                writer.write(f"* BYE\r\n{ok}".encode())
            case _:
                writer.write(f"{tag} BAD what?\r\n".encode())

    def _judged(self, rest: str) -> str:
        if self.refusal is not None:
            return self.refusal
        said = rest.rpartition(" ")[2]
        known = self.password in said or self.password.encode() in base64.b64decode(said + "===", validate=False)
        return "OK in" if known else "NO [AUTHENTICATIONFAILED] no"
