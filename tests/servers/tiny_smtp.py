"""A server for sending that takes no message: greeting, EHLO, STARTTLS, AUTH, and a test's faults."""

from __future__ import annotations

import asyncio
import base64
import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass
class TinySmtp:
    """``tls``: from the beginning, or behind STARTTLS with ``starttls``. ``refusal``: the answer to a sign-in.

    ``ahead``: sent together with the answer to STARTTLS, as an attacker in between would.
    """

    tls: ssl.SSLContext | None = None
    starttls: bool = False
    greeting: bytes = b"220 tiny SMTP ready\r\n"
    auth: str = "PLAIN LOGIN"
    refusal: str | None = None
    ahead: bytes = b""
    password: str = "password"
    host: str = "127.0.0.1"
    port: int = 0
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
        try:
            writer.write(self.greeting)
            secure = self.tls is not None and not self.starttls
            while line := (await reader.readline()).decode("utf-8", "replace").strip():
                self.commands.append(line)
                name = line.partition(" ")[0].upper()
                if name == "EHLO":
                    writer.write(self._offers(secure=secure))
                elif name == "STARTTLS" and self.starttls and self.tls is not None:
                    writer.write(b"220 go ahead\r\n" + self.ahead)
                    await writer.drain()
                    await writer.start_tls(self.tls)
                    secure = True
                elif name == "AUTH":
                    await self._sign_in(line, reader, writer)
                else:
                    writer.write(b"500 what?\r\n")
        except (ConnectionError, ssl.SSLError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._tasks.discard(task)

    def _offers(self, *, secure: bool) -> bytes:
        lines = ["tiny", "8BITMIME"]
        if self.starttls and not secure:
            lines.append("STARTTLS")
        if self.auth and (secure or not self.starttls):
            lines.append(f"AUTH {self.auth}")
        return "".join(f"250{' ' if n == len(lines) else '-'}{line}\r\n" for n, line in enumerate(lines, 1)).encode()

    async def _sign_in(self, line: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = line.split()[2:]
        if line.split()[1].upper() == "LOGIN":
            for prompt in (b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n"):
                writer.write(prompt)
                said.append((await reader.readline()).decode().strip())
        known = self.password.encode() in base64.b64decode(said[-1] + "===")
        answer = self.refusal or ("235 in" if known else "535 5.7.8 no")
        writer.write(f"{answer}\r\n".encode())
