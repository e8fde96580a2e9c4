"""An issuer's web server on loopback: metadata and keys over real HTTP, and whatever else a test has it answer."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from tests.servers.tokens import Key

JWKS = "/keys"
INTROSPECTION = "/introspection"
OAUTH = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes = b"{}"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    complete: bool = True  # else the connection is held open after the body


@dataclass(slots=True)
class IssuerServer:
    """``asked`` counts requests by path, ``received`` has their heads and bodies.

    While ``gate`` is clear, no request is answered. ``introspect`` answers questions about tokens.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    received: list[tuple[str, str]] = field(default_factory=list)
    introspect: Callable[[str], Answer] | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self.gate.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._writers:
                writer.transport.abort()
            await self._server.wait_closed()
            self._server = None

    def publish(self, keys: Iterable[Key], cache_control: str | None = None) -> None:
        """Metadata by OpenID discovery, and these keys."""
        metadata = {
            "issuer": self.url,
            "jwks_uri": self.url + JWKS,
            "introspection_endpoint": self.url + INTROSPECTION,
        }
        self.answers[OPENID] = Answer(json.dumps(metadata).encode())
        headers = (("Cache-Control", cache_control),) if cache_control else ()
        document = {"keys": [key.as_dict(private=False) for key in keys]}
        self.answers[JWKS] = Answer(json.dumps(document).encode(), headers=headers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            body = (await reader.readexactly(_length(head))).decode()
            self.asked[path] += 1
            self.received.append((head.decode(), body))
            self.arrived.set()
            await self.gate.wait()
            await self._answer(writer, self._made(path, body))
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            self._writers.discard(writer)
            writer.close()

    def _made(self, path: str, body: str) -> Answer:
        if path == INTROSPECTION and self.introspect is not None:
            return self.introspect(parse_qs(body)["token"][0])
        return self.answers.get(path, Answer(status=404))

    async def _answer(self, writer: asyncio.StreamWriter, answer: Answer) -> None:
        length = len(answer.body) if answer.complete else len(answer.body) + 1
        lines = [f"HTTP/1.1 {answer.status} X", f"Content-Length: {length}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in answer.headers]
        writer.write("\r\n".join([*lines, "", ""]).encode() + answer.body)
        await writer.drain()
        if not answer.complete:
            await asyncio.Event().wait()


def _length(head: bytes) -> int:
    found = re.search(rb"\r\ncontent-length: *([0-9]+)", head, re.IGNORECASE)
    return int(found[1]) if found else 0
