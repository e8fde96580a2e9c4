"""Event streams by the thousand, in a process of its own: ``python -m bench.crowd HOST PORT``.

It takes orders on standard input, a line of JSON each, and answers each with one: ``{"join": [headers, …]}`` opens a
stream for each and waits for its `hello`; ``{"hear": word}`` waits until each stream was sent that word since. It knows
as little of HTTP as that takes, so that it leaves the processor to the gateway.
"""

from __future__ import annotations

import json
import re
import resource
import selectors
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

PATIENCE: Final = 120.0
"""Seconds after which what has not come is given up."""
WINDOW: Final = 100
"""Streams that are being opened at one time."""
_HELLO: Final = b"event: hello"
_REFUSED: Final = re.compile(rb"HTTP/1\.1 (?!200 )[0-9]{3} ")
_CHUNK: Final = 1 << 16


class NoStream(Exception):
    """A stream was refused, or ended."""


@dataclass(slots=True, eq=False)
class Listening:
    """One stream's socket, and what came last: words are looked for over the seam of two reads."""

    sock: socket.socket
    seam: bytes = field(default=b"", repr=False)

    def hears(self, word: bytes) -> bool:
        """Take what has come; whether the word is in it. Raises NoStream."""
        data = self.sock.recv(_CHUNK)
        if not data or _REFUSED.match(self.seam + data):
            raise NoStream(self.seam.decode(errors="replace"))
        heard = word in self.seam + data
        self.seam = (self.seam + data)[-200:]
        return heard


class Crowd:
    """All streams of this process."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._selector = selectors.DefaultSelector()
        self._streams: list[Listening] = []

    def join(self, requests: Sequence[bytes]) -> float:
        """Open a stream by each of the requests; the seconds that it took. Raises NoStream, OSError."""
        began = time.perf_counter()
        for first in range(0, len(requests), WINDOW):
            fresh = [self._open(request) for request in requests[first : first + WINDOW]]
            self._until_all(fresh, _HELLO)
            self._streams += fresh
        return time.perf_counter() - began

    def hear(self, word: str) -> float:
        """When the last of all streams was sent the word, by the clock that processes share."""
        return self._until_all(self._streams, word.encode())

    def _open(self, request: bytes) -> Listening:
        listening = Listening(socket.create_connection(self._address, timeout=PATIENCE))
        listening.sock.sendall(request)
        self._selector.register(listening.sock, selectors.EVENT_READ, listening)
        return listening

    def _until_all(self, streams: Sequence[Listening], word: bytes) -> float:
        waiting, deadline = set(streams), time.monotonic() + PATIENCE
        while waiting:
            ready = self._selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                raise NoStream(f"{len(waiting)} of {len(streams)} streams were not sent {word!r}")
            for key, _ in ready:
                listening: Listening = key.data
                if listening.hears(word):
                    waiting.discard(listening)
        return time.monotonic()


def request(headers: Mapping[str, str]) -> bytes:
    """What opens a stream of the caller's inbox."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET /v1/accounts/me/events HTTP/1.1\r\nHost: bench\r\n{lines}\r\n".encode("ascii")


@contextmanager
def many_sockets() -> Iterator[None]:
    """As many as the system lets a process have, and those that it starts meanwhile."""
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))


def main(host: str, port: int) -> None:
    """Orders from standard input, until it ends."""
    with many_sockets():
        crowd = Crowd(host, port)
        for line in sys.stdin:
            order = json.loads(line)
            joining = "join" in order
            answer = crowd.join([request(each) for each in order["join"]]) if joining else crowd.hear(order["hear"])
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
