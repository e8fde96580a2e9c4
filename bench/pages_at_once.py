"""One page of each of many accounts, asked for at one moment, on connections that are kept."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.letters import PAGE
from bench.work import WrongAnswer

PATIENCE: Final = 120.0
_CHUNK: Final = 1 << 18


@dataclass(slots=True, eq=False)
class _Client:
    sock: socket.socket
    request: bytes
    answer: bytearray = field(default_factory=bytearray)

    def take(self) -> bool:
        """Whether the answer is whole. Raises WrongAnswer."""
        data = self.sock.recv(_CHUNK)
        self.answer += data
        head, blank, body = bytes(self.answer).partition(b"\r\n\r\n")
        if not data:
            raise WrongAnswer(f"the gateway hung up: {head[:200]!r}")
        if not blank:
            return False
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if len(body) < int(fields[b"content-length"]):
            return False
        if not head.startswith(b"HTTP/1.1 200") or body.count(b'"hasAttachment"') != PAGE:
            raise WrongAnswer(f"{head[:100]!r}: {body[:200]!r}")
        self.answer.clear()
        return True


class PagesAtOnce:
    """A client for each of ``headers``."""

    def __init__(self, port: int, headers: Sequence[Mapping[str, str]]) -> None:
        self._selector = selectors.DefaultSelector()
        self._clients = [_Client(socket.create_connection(("127.0.0.1", port)), _request(each)) for each in headers]
        for client in self._clients:
            self._selector.register(client.sock, selectors.EVENT_READ, client)

    def round(self) -> list[float]:
        """The seconds that each answer took, rising. Raises WrongAnswer."""
        took: list[float] = []
        asked: dict[_Client, float] = {}
        for client in self._clients:
            asked[client] = time.perf_counter()
            client.sock.sendall(client.request)
        deadline = time.monotonic() + PATIENCE
        while asked:
            ready = self._selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise WrongAnswer(f"{len(asked)} pages did not come")
            for key, _ in ready:
                client = key.data
                if client.take():
                    took.append(time.perf_counter() - asked.pop(client))
        return sorted(took)

    def close(self) -> None:
        for client in self._clients:
            client.sock.close()
        self._selector.close()


def _request(headers: Mapping[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    path = f"/v1/accounts/me/folders/inbox/messages?limit={PAGE}"
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\n{lines}\r\n".encode("ascii")
