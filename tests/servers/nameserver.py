"""A small DNS server on loopback, UDP and TCP, that answers what it is told.

::

    async with NameServer() as dns:
        dns.zone["imap.example.org"] = {"A": ["192.0.2.1"]}
        dns.zone["_imaps._tcp.example.org"] = {"SRV": ["0 1 993 imap.example.org."]}
        ...                                   # ask at dns.address
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeAlias, cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Records: TypeAlias = Mapping[str, list[str]]
Fate: TypeAlias = dns.rcode.Rcode | None


@dataclass
class NameServer:
    """``zone`` holds records by name and kind, or a function that makes them anew for each question.

    ``failing``: names that get this rcode; None: no answer at all. Any other name is NXDOMAIN. ``asked`` tells what
    came. ``truncate``: answers over UDP are cut, so that a client has to ask by TCP.
    """

    zone: dict[str, Records | Callable[[], Records]] = field(default_factory=dict)
    failing: dict[str, Fate] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    truncate: bool = False
    host: str = "127.0.0.1"
    port: int = 0
    by_tcp: int = 0
    _transport: asyncio.DatagramTransport | None = None
    _server: asyncio.Server | None = None

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._stream, self.host, 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self), local_addr=(self.host, self.port)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._transport is not None:
            self._transport.close()
        if self._server is not None:
            self._server.close()

    def answer(self, question: bytes, *, tcp: bool) -> bytes | None:
        query = dns.message.from_wire(question)
        asked = query.question[0]
        name = asked.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(asked.rdtype)
        self.asked.append((name, kind))
        reply = dns.message.make_response(query)
        if name in self.failing:
            fate = self.failing[name]
            if fate is None:
                return None
            reply.set_rcode(fate)
            return reply.to_wire()
        if self.truncate and not tcp:
            reply.flags |= dns.flags.TC
            return reply.to_wire()
        entry = self.zone.get(name)
        if entry is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
            return reply.to_wire()
        records = entry() if callable(entry) else entry
        if kind in records:
            reply.answer.append(dns.rrset.from_text(asked.name, 0, "IN", kind, *records[kind]))
        return reply.to_wire()

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.by_tcp += 1
        try:
            size = int.from_bytes(await reader.readexactly(2), "big")
            answer = self.answer(await reader.readexactly(size), tcp=True)
            if answer is not None:
                writer.write(len(answer).to_bytes(2, "big") + answer)
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._server.answer(data, tcp=False)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)
