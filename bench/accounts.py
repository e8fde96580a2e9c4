"""``python -m bench --accounts``: a page of each of many accounts at one time, over a network of some latency."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from bench.alike import alike
from bench.crowd import many_sockets
from bench.letters import Mailbox
from bench.pages_at_once import PagesAtOnce
from bench.process import exact_cpu_seconds
from bench.served import served
from bench.slow_network import SlowNetwork
from bench.streams_report import StreamFigure, StreamReport
from tests.blackbox.gateway_process import GatewayProcess

BAR: Final = 3.0
"""How much longer than the middle one the slowest but one in a hundred may take."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """``seconds``: of one way through the network."""

    accounts: int = 200
    messages: int = 500
    seconds: float = 0.01
    rounds: int = 15


def run_accounts(fleet: Fleet, say: Callable[[str], None]) -> StreamReport:
    """Start everything, measure everything."""
    with many_sockets(), served(fleet.accounts, mdbox=True) as place:
        users = alike(place.server, fleet.accounts, Mailbox.of(fleet.messages))
        say(f"{fleet.accounts} accounts of {fleet.messages} messages")
        found: list[StreamFigure] = []
        with SlowNetwork("localhost", place.server.tls_port, fleet.seconds) as network:
            for kind, limits in (("first time", {"summaries_octets": 0}), ("again", {"summaries_octets": 64 << 20})):
                with place.gateway(limits, network.port) as gateway:
                    for each in _rounds(gateway, users, kind, fleet):
                        found.append(each)
                        say(f"{each.work}: {each.figure} {median(each.values):.2f}")
        return StreamReport(tuple(found), part="accounts")


def _rounds(gateway: GatewayProcess, users: Sequence[str], kind: str, fleet: Fleet) -> list[StreamFigure]:
    pages = PagesAtOnce(gateway.port, [gateway.headers(user, ttl=3000) for user in users])
    used = exact_cpu_seconds(gateway.pid)
    cold = [pages.round()]
    signed_in = exact_cpu_seconds(gateway.pid)
    warm = [pages.round() for _ in range(fleet.rounds)]
    ended = exact_cpu_seconds(gateway.pid)
    pages.close()
    what = f"{len(users)} pages at once"
    found = _figures(f"{what}, cold", cold, (signed_in - used) / len(users)) if kind == "first time" else []
    return found + _figures(f"{what}, warm, {kind}", warm, (ended - signed_in) / len(users) / fleet.rounds)


def _figures(work: str, rounds: list[list[float]], cpu: float) -> list[StreamFigure]:
    middles = [median(each) for each in rounds]
    tails = [each[min(len(each) - 1, len(each) * 99 // 100)] for each in rounds]
    ratios = tuple(tail / middle for tail, middle in zip(tails, middles, strict=True))
    return [
        StreamFigure(work, "p50 ms", tuple(value * 1000 for value in middles)),
        StreamFigure(work, "p99 ms", tuple(value * 1000 for value in tails)),
        StreamFigure(work, "p99, p50 = 1", ratios, BAR),
        StreamFigure(work, "CPU ms each", (cpu * 1000,)),
    ]
