"""One round: some clients do one kind of work, each as fast as it is answered, for a bounded time and count."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

from bench.work import Client, Work


@dataclass(frozen=True, slots=True)
class Bounds:
    """``rounds`` of each subject, each ``seconds`` long unless ``requests`` are done before."""

    rounds: int
    seconds: float
    requests: int


@dataclass(frozen=True, slots=True)
class Round:
    """``latencies`` in seconds, of all clients; ``seconds`` from the first request to the last answer.

    ``cpu_seconds`` is what the clients' threads used of the processor.
    """

    latencies: tuple[float, ...]
    seconds: float
    cpu_seconds: float = 0.0


def run_round(clients: Sequence[Client], work: Work, bounds: Bounds) -> Round:
    """All clients at once, a thread each. Raises what one of them raises."""
    together = Barrier(len(clients))
    most = max(1, bounds.requests // len(clients))
    with ThreadPoolExecutor(len(clients)) as threads:
        running = [threads.submit(_run, client, work, together, bounds.seconds, most) for client in clients]
        done = [each.result() for each in running]
    latencies = tuple(latency for each in done for latency in each.latencies)
    began, ended = min(each.began for each in done), max(each.ended for each in done)
    return Round(latencies, ended - began, sum(each.cpu_seconds for each in done))


@dataclass(frozen=True, slots=True)
class _Run:
    latencies: list[float]
    began: float
    ended: float
    cpu_seconds: float


def _run(client: Client, work: Work, together: Barrier, seconds: float, most: int) -> _Run:
    clock = time.perf_counter
    latencies: list[float] = []
    together.wait(30)
    used = time.thread_time()
    began = now = clock()
    while len(latencies) < most and now - began < seconds:
        client.do(work)
        then, now = now, clock()
        latencies.append(now - then)
    return _Run(latencies, began, now, time.thread_time() - used)
