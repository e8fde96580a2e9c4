"""An IMAP server of a few lines that has an empty inbox, and the faults that a test gives it."""

from __future__ import annotations

import asyncio
import base64
import ssl
from dataclasses import dataclass

from .certificates import ServerCertificate
from .tiny_server import TinyServer

IDLE_QUOTA = "IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2 IDLE QUOTA"


def serving(certificate: ServerCertificate) -> ssl.SSLContext:
    """The server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    return context


@dataclass
class TinyImap(TinyServer):
    """``tls``: from the beginning, or behind STARTTLS with ``starttls``. ``greeting`` None: it says nothing.

    ``refusal``: the whole answer to a sign-in but the tag, such as `NO [UNAVAILABLE] later`. ``quota``: used and limit,
    in KiB. ``commands`` holds what clients said, ``password`` is the one that opens it.
    """

    greeting: bytes | None = b"* OK tiny IMAP ready\r\n"
    capabilities: str = IDLE_QUOTA
    refusal: str | None = None
    quota: tuple[int, int] = (10, 1000)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.greeting is None:
            await reader.read()
            return
        writer.write(self.greeting)
        while line := (await reader.readline()).decode("utf-8", "replace").strip():
            await self._answer(line, reader, writer)

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
