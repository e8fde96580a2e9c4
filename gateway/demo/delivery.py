"""New mail, every so often, so that there is something to watch: by IMAP APPEND, as another program would do it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.demo.mail.arrivals import arrivals
from gateway.demo.mail.compose import Sample, compose
from gateway.secret import Secret

_ANSWER_SECONDS = 10.0


class DeliveryFailed(Exception):
    """The mail server did not take the message."""


@dataclass(frozen=True, slots=True)
class Mailman:
    """Signs in to the embedded server as the mailbox's owner; it knows just the commands it needs."""

    port: int
    user: str
    password: Secret
    tls: ssl.SSLContext

    async def run(self, every: float) -> None:
        """A message every ``every`` seconds, for ever. Raises DeliveryFailed, OSError."""
        samples: Iterator[Sample] = arrivals()
        for number, sample in enumerate(samples, 1):
            await asyncio.sleep(every)
            await self.deliver(compose(sample, sent=datetime.now(UTC), serial=f"arrival-{number}"))

    async def deliver(self, message: bytes) -> None:
        async with asyncio.timeout(_ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.tls)
            try:
                await reader.readline()
                plain = f"\0{self.user}\0{self.password.reveal()}".encode()
                await _ask(reader, writer, b"AUTHENTICATE PLAIN " + base64.b64encode(plain))
                await _ask(reader, writer, b"APPEND INBOX {%d+}\r\n%b" % (len(message), message))
                await _ask(reader, writer, b"LOGOUT")
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, command: bytes) -> None:
    writer.write(b"d " + command + b"\r\n")
    while line := await reader.readline():
        if line.startswith(b"d "):
            if not line.startswith(b"d OK"):
                raise DeliveryFailed(line.decode("utf-8", "replace").strip())
            return
    raise DeliveryFailed("the server hung up")
