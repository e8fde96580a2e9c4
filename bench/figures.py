"""What is left of a measurement: figures that can be written down and compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from bench.round import Round
from bench.work import Work


@dataclass(frozen=True, slots=True)
class Spent:
    """What a subject used for the requests: processor seconds, and IMAP octets in both directions where it tells."""

    cpu_seconds: float = 0.0
    imap_octets: float | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one subject at one work and concurrency. Latencies in ms; ``cpu_ms`` and ``imap_octets`` are of one request.

    ``cpu_ms`` is of the subject's own process, or of the threads that do all its work; None where it can't be told.
    """

    subject: str
    work: str
    concurrency: int
    requests: int
    median_ms: float
    p10_ms: float
    p90_ms: float
    per_second: float
    cpu_ms: float | None = None
    imap_octets: float | None = None


def figures(
    subject: str, work: Work, concurrency: int, rounds: Sequence[Round], spent: Sequence[Spent] = ()
) -> Figures:
    """Latencies of all rounds together; the throughput is the median round's."""
    latencies = [latency * 1000 for each in rounds for latency in each.latencies]
    octets = [each.imap_octets for each in spent if each.imap_octets is not None]
    low, high = _tenths(latencies)
    return Figures(
        subject=subject,
        work=work.value,
        concurrency=concurrency,
        requests=len(latencies),
        median_ms=median(latencies),
        p10_ms=low,
        p90_ms=high,
        per_second=median(len(each.latencies) / each.seconds for each in rounds),
        cpu_ms=sum(each.cpu_seconds for each in spent) * 1000 / len(latencies) if spent else None,
        imap_octets=sum(octets) / len(latencies) if octets else None,
    )


def _tenths(values: Sequence[float]) -> tuple[float, float]:
    if len(values) < 2:
        return values[0], values[0]
    cuts = quantiles(values, n=10, method="inclusive")
    return cuts[0], cuts[-1]
