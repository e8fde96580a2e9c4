"""``python -m bench --scale``: a page of a folder of a million messages next to one of a thousand."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from statistics import median
from typing import Any, Final

from bench.process import exact_cpu_seconds
from bench.served import served
from bench.streams_report import StreamFigure, StreamReport
from bench.work import WrongAnswer
from gateway.sync.cursor import Cursor
from gateway.sync.ids import folder_id
from tests.blackbox.gateway_process import GatewayProcess
from tests.servers.filling import fill

PAGE: Final = 50
WARM: Final = 5
BAR: Final = 1.2
"""What the large folder's page may cost, in units of the small one's."""


@dataclass(frozen=True, slots=True)
class Scale:
    """``deep`` is the number of the page that lies deep in the large folder; the small one's is its middle one."""

    small: int = 1_000
    large: int = 1_000_000
    deep: int = 10_000
    turns: int = 40


@dataclass(frozen=True, slots=True)
class Cost:
    cpu: float
    octets: float
    wall: float


class Reader:
    """Pages of one folder, from one gateway."""

    def __init__(self, gateway: GatewayProcess, headers: Mapping[str, str], folder: str, count: int) -> None:
        self._gateway, self._headers, self._count = gateway, dict(headers), count
        self._http = HTTPConnection("127.0.0.1", gateway.port, timeout=120)
        self._path = f"/v1/accounts/me/folders/{folder_id(folder.encode())}/messages?limit="
        found = self._page(f"{self._path}1")
        self._position = Cursor.parse(found["nextCursor"])

    def cost(self, number: int) -> Cost:
        """Of page ``number``, from 1. The folder has all UIDs from 1 on. Raises WrongAnswer."""
        first = self._count - (number - 1) * PAGE
        below = Cursor(self._position.uidvalidity, first + 1, self._position.fingerprint).encode()
        path = f"{self._path}{PAGE}" + (f"&cursor={below}" if number > 1 else "")
        drawn = self._gateway.metric("imapgw_imap_bytes_total")
        used, began = exact_cpu_seconds(self._gateway.pid), time.perf_counter()
        found = self._page(path)
        wall, cpu = time.perf_counter() - began, exact_cpu_seconds(self._gateway.pid) - used
        if len(found["messages"]) != PAGE:
            raise WrongAnswer(f"a page of {len(found['messages'])} messages")
        return Cost(cpu, self._gateway.metric("imapgw_imap_bytes_total") - drawn, wall)

    def close(self) -> None:
        self._http.close()

    def _page(self, path: str) -> Any:
        self._http.request("GET", path, headers=self._headers)
        answer = self._http.getresponse()
        octets = answer.read()
        if answer.status != 200:
            raise WrongAnswer(f"a page was answered {answer.status}: {octets[:200]!r}")
        return json.loads(octets)


def run_scale(scale: Scale, say: Callable[[str], None]) -> StreamReport:
    """Start everything, measure everything."""
    with served(1, mdbox=True) as place:
        user = place.server.guest()[0]
        client = place.server.client(user)
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or each literal waits for 40 ms
        for folder, count in (("Small", scale.small), ("Large", scale.large)):
            fill(client, folder, count)
        client.logout()
        say(f"folders of {scale.small} and {scale.large} messages")
        found: list[StreamFigure] = []
        for kind, limits in (("first time", {"summaries_octets": 0}), ("again", {})):
            with place.gateway(limits) as gateway:
                headers = gateway.headers(user, ttl=3000)
                readers = [
                    Reader(gateway, headers, "Small", scale.small),
                    Reader(gateway, headers, "Large", scale.large),
                ]
                for each in _compared(readers, kind, scale):
                    found.append(each)
                    say(f"{each.work}: {each.figure} {median(each.values):.2f}")
                for reader in readers:
                    reader.close()
        return StreamReport(tuple(found), part="scale")


def _compared(readers: list[Reader], kind: str, scale: Scale) -> Iterator[StreamFigure]:
    """By turns, so that both folders meet the same machine; the first turns are for what is had once."""
    middle = scale.small // PAGE // 2
    for title, pages in (("page 1", (1, 1)), (f"page {scale.deep}", (middle, scale.deep))):
        turns = [
            [reader.cost(page) for reader, page in zip(readers, pages, strict=True)] for _ in range(scale.turns + WARM)
        ][WARM:]
        work = f"{title} of {scale.large}, {kind}"
        for figure, of in (("CPU", "cpu"), ("IMAP octets", "octets"), ("time", "wall")):
            small, large = ([getattr(costs[which], of) for costs in turns] for which in (0, 1))
            yield StreamFigure(work, f"{figure}, small = 1", tuple(b / median(small) for b in large), BAR)
            if of != "octets":
                yield StreamFigure(work, f"{figure}, ms", tuple(value * 1000 for value in large))
