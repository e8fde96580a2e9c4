"""A byte server that follows a script: it waits for what a client must say and answers with set octets.

Steps run one after the other on the one connection, and nothing is timed: a race is made by the order of the steps,
and by ``Meet``, at which script and test wait for each other.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import zlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.imap.endpoint import Endpoint

PATIENCE = 5.0  # seconds until a script that isn't followed fails the test


@dataclass(frozen=True, slots=True)
class Expect:
    """One line that matches ``pattern`` (full match, case-insensitive, without CRLF).

    Its first word is remembered as ``tag`` unless ``tagless``; ``as_`` keeps it under another name too.
    """

    pattern: str
    tagless: bool = False
    as_: str | None = None


@dataclass(frozen=True, slots=True)
class Octets:
    """Exactly these octets, such as a literal's."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Send:
    """``{tag}`` and names given with ``as_`` are replaced; sent in one write."""

    data: bytes


@dataclass(slots=True)
class Meet:
    """Script and test wait here for each other: the test calls ``await meet.go()``."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def go(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.reached.wait()
        self.released.set()


@dataclass(frozen=True, slots=True)
class StartTls:
    """The server's side of the TLS handshake."""

    context: ssl.SSLContext


@dataclass(frozen=True, slots=True)
class Deflate:
    """Says OK, and both directions are compressed from there on; ``ahead`` comes in the same write, compressed."""

    ahead: bytes = b""


@dataclass(frozen=True, slots=True)
class Raw:
    """Sent as it is, compressed or not."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """An orderly end; ``reset``: an RST instead."""

    reset: bool = False


@dataclass(frozen=True, slots=True)
class Eof:
    """The client must close."""


Step: TypeAlias = Expect | Octets | Send | Meet | StartTls | Deflate | Raw | Close | Eof


class Scripted:
    """What went on: ``lines`` the client sent, and ``failure`` if it did not follow the script."""

    def __init__(self, script: Iterable[Step]) -> None:
        self.script = list(script)
        self.lines: list[bytes] = []
        self.names: dict[bytes, bytes] = {}
        self.connections = 0
        self.finished = asyncio.Event()
        self.failure: str | None = None
        self.endpoint = Endpoint("127.0.0.1", 1, "none")
        self._tasks: set[asyncio.Task[None]] = set()
        self._deflater: zlib._Compress | None = None
        self._inflated: asyncio.StreamReader | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = 0
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            for number in range(len(self.script)):
                step = self.script[number]
                async with asyncio.timeout(PATIENCE):
                    await self._run(step, reader, writer)
        except (TimeoutError, asyncio.IncompleteReadError, AssertionError, ConnectionError) as error:
            self.failure = f"step {number} {self.script[number]}: {error!r}; said: {self.lines[-3:]}"
        except asyncio.CancelledError:
            pass
        finally:
            self.finished.set()
            writer.close()
            self._tasks.discard(task)

    async def _run(self, step: Step, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw, reader = reader, self._inflated or reader
        match step:
            case Expect(pattern, tagless, as_):
                line = (await reader.readuntil(b"\r\n"))[:-2]
                self.lines.append(line)
                if not tagless:
                    tag, _, line = line.partition(b" ")
                    self.names[b"tag"] = tag
                    if as_ is not None:
                        self.names[as_.encode()] = tag
                assert re.fullmatch(pattern.encode(), line, re.IGNORECASE | re.DOTALL), f"got {line!r}"
            case Octets(data):
                got = await reader.readexactly(len(data))
                assert got == data, f"got {got[:200]!r}"
            case Send() | Raw():
                writer.write(self._octets(step))
                await writer.drain()
            case Meet():
                step.reached.set()
                await step.released.wait()
            case StartTls(context):
                await writer.start_tls(context)
            case Deflate(ahead):
                self._compress(raw, writer, ahead)
            case Close(reset):
                await writer.drain()
                if reset:
                    writer.transport.abort()
                else:
                    writer.close()
            case Eof():
                assert await reader.read(1) == b"", "the client went on"

    def _octets(self, step: Send | Raw) -> bytes:
        if isinstance(step, Raw):
            return step.data
        return self._deflated(re.sub(rb"\{([a-z]+)\}", lambda found: self.names[found[1]], step.data))

    def _compress(self, raw: asyncio.StreamReader, writer: asyncio.StreamWriter, ahead: bytes) -> None:
        self._deflater = zlib.compressobj(wbits=-15)
        writer.write(self.names[b"tag"] + b" OK compressed\r\n" + (self._deflated(ahead) if ahead else b""))
        self._inflated = asyncio.StreamReader(1 << 24)
        self._tasks.add(asyncio.ensure_future(self._inflate(raw, self._inflated)))

    def _deflated(self, octets: bytes) -> bytes:
        if self._deflater is None:
            return octets
        return self._deflater.compress(octets) + self._deflater.flush(zlib.Z_SYNC_FLUSH)

    async def _inflate(self, raw: asyncio.StreamReader, plain: asyncio.StreamReader) -> None:
        inflater = zlib.decompressobj(wbits=-15)
        with suppress(ConnectionError):
            while octets := await raw.read(65_536):
                plain.feed_data(inflater.decompress(octets))
        plain.feed_eof()

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()


GREETING = b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n"


def signed_in(capabilities: str = "IMAP4rev1") -> list[Step]:
    """The steps of a plain sign-in after which these capabilities are offered."""
    return [
        Send(GREETING),
        Expect("AUTHENTICATE PLAIN .+"),
        Send(b"{tag} OK [CAPABILITY " + capabilities.encode() + b"] in\r\n"),
    ]


def selected(name: str = "INBOX", *, exists: int = 3, uidnext: int = 10, more: bytes = b"") -> list[Step]:
    """The steps of a SELECT or EXAMINE of ``name``."""
    return [
        Expect(rf'(SELECT|EXAMINE) "?{name}"?( \(CONDSTORE\))?'),
        Send(
            b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"
            b"* OK [PERMANENTFLAGS (\\Deleted \\Seen \\*)] ok\r\n"
            b"* %d EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT %d] ok\r\n"
            % (exists, uidnext)
            + more
            + b"{tag} OK [READ-WRITE] selected\r\n"
        ),
    ]


@asynccontextmanager
async def scripted(*script: Step, tls: ssl.SSLContext | None = None) -> AsyncIterator[Scripted]:
    """Runs the script on a port of its own; on leaving, a client that did not follow it fails the test."""
    state = Scripted(script)
    server = await asyncio.start_server(state.serve, "127.0.0.1", 0, ssl=tls, limit=1 << 24)
    state.endpoint = Endpoint("127.0.0.1", server.sockets[0].getsockname()[1], "none")
    try:
        yield state
    finally:
        server.close()
        state.stop()
    assert state.failure is None, state.failure
