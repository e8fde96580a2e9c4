"""A server for sending that takes no message: greeting, EHLO, STARTTLS, AUTH, and a test's faults."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass

from .tiny_server import TinyServer


@dataclass
class TinySmtp(TinyServer):
    """``tls``: from the beginning, or behind STARTTLS with ``starttls``. ``refusal``: the answer to a sign-in.

    ``ahead``: sent together with the answer to STARTTLS, as an attacker in between would.
    """

    greeting: bytes = b"220 tiny SMTP ready\r\n"
    auth: str = "PLAIN LOGIN"
    refusal: str | None = None
    ahead: bytes = b""

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
