"""Large files on their way out: next to a bare socket that reads the same part, and many at one time."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from bench.large_mail import FILE_FOLDER
from bench.large_report import LargeFigures
from bench.process import exact_cpu_seconds, forget_peak, peak_octets, resident_octets
from bench.work import WrongAnswer
from tests.blackbox.gateway_process import GatewayProcess
from tests.servers.dovecot import Dovecot

AT_ONCE: Final = 20
_CHUNK: Final = 1 << 20
_SECONDS: Final = 120
_TAIL: Final = 2000


class RawPart:
    """The floor: TLS to the same server, the same FETCH, and every octet dropped as it comes."""

    def __init__(self, server: Dovecot, user: str, port: int) -> None:
        plain = socket.create_connection(("localhost", port), timeout=_SECONDS)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = ssl.create_default_context(cafile=str(server.ca_file)).wrap_socket(
            plain, server_hostname="localhost"
        )
        self._buffer = bytearray(_CHUNK)
        self._sock.recv_into(self._buffer)
        self._ask(f"LOGIN {user} {server.password(user)}")
        self._ask(f"EXAMINE {FILE_FOLDER}")

    def whole(self) -> int:
        """The octets that came."""
        return self._ask("FETCH 1 (UID BODY.PEEK[2])")

    def close(self) -> None:
        self._sock.close()

    def _ask(self, command: str) -> int:
        self._sock.sendall(f"raw {command}\r\n".encode())
        octets, tail, view = 0, b"\r\n", memoryview(self._buffer)
        while b"\r\nraw " not in tail:
            count = self._sock.recv_into(self._buffer)
            if not count:
                raise WrongAnswer("the server hung up")
            octets, tail = octets + count, (tail + view[max(0, count - _TAIL) : count])[-_TAIL:]
        if b"\r\nraw OK" not in tail:
            raise WrongAnswer(f"{command.split()[0]} was refused")
        return octets


@dataclass(slots=True)
class _Course:
    """What one subject's downloads took."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    octets: list[float] = field(default_factory=list)

    def figures(self, work: str, grown: int) -> LargeFigures:
        first, *later = self.wall
        return LargeFigures.of(work, first, later, self.cpu[1:], self.octets[1:], grown, rated=True)


def by_turns(
    work: str, gateway: GatewayProcess, do: Callable[[], None], raw: RawPart, times: int
) -> list[LargeFigures]:
    """The gateway and the bare socket one after the other, so that they meet the same machine."""
    ours, bare = _Course(), _Course()
    resident = resident_octets(gateway.pid)
    forget_peak(gateway.pid)
    for _ in range(times + 1):
        _take(ours, gateway, do)
        used, began = time.thread_time(), time.perf_counter()
        bare.octets.append(raw.whole())
        bare.wall.append(time.perf_counter() - began)
        bare.cpu.append(time.thread_time() - used)
    grown = max(0, peak_octets(gateway.pid) - resident)
    return [ours.figures(work, grown), bare.figures(f"{work}, raw socket", 0)]


def at_once(
    work: str, gateway: GatewayProcess, path: str, headers: Mapping[str, str], least: int, times: int
) -> LargeFigures:
    """``AT_ONCE`` downloads of the part at ``path``, of ``least`` octets each."""

    def all_of_them() -> None:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            sizes = list(threads.map(lambda _: _drained(gateway.url, path, headers), range(AT_ONCE)))
        if min(sizes) < least:
            raise WrongAnswer("a download ended early")

    course, resident = _Course(), resident_octets(gateway.pid)
    forget_peak(gateway.pid)
    for _ in range(times + 1):
        _take(course, gateway, all_of_them)
    return course.figures(work, max(0, peak_octets(gateway.pid) - resident))


def _take(course: _Course, gateway: GatewayProcess, do: Callable[[], None]) -> None:
    drawn = gateway.metric("imapgw_imap_bytes_total")
    used, began = exact_cpu_seconds(gateway.pid), time.perf_counter()
    do()
    course.wall.append(time.perf_counter() - began)
    course.cpu.append(exact_cpu_seconds(gateway.pid) - used)
    course.octets.append(gateway.metric("imapgw_imap_bytes_total") - drawn)


def _drained(url: str, path: str, headers: Mapping[str, str]) -> int:
    """Octets of an answer, head and chunks' sizes included: a client that leaves the processor to the gateway."""
    where = urlsplit(url)
    fields = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "Connection": "close"}.items())
    with socket.create_connection((where.hostname or "localhost", where.port or 80), timeout=_SECONDS) as sock:
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n{fields}\r\n".encode("ascii"))
        return sum(_received(sock))


def _received(sock: socket.socket) -> Iterator[int]:
    buffer = bytearray(_CHUNK)
    while count := sock.recv_into(buffer):
        yield count
