"""What the gateway is meant to keep to, beside what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.figures import Figures
from bench.gateway_api import GatewayApi
from bench.imapflow_api import ImapflowApi
from bench.per_request import PerRequest
from bench.raw_imap import RawImap
from bench.work import Work


@dataclass(frozen=True, slots=True)
class Bar:
    """``value`` is to stay at or below ``limit``, or ``at_least`` reach it; None where either was not measured."""

    work: str
    value: float | None
    unit: str
    limit: float | None
    at_least: bool = False
    whose: str = ""

    @property
    def held(self) -> bool | None:
        if self.value is None or self.limit is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        said = {True: "held", False: "**not held**", None: "not measured"}[self.held]
        value = "" if self.value is None else f"{self.value:.3g} "
        limit = [self.whose, "" if self.limit is None else f"{self.limit:.3g}"]
        bound = " ".join(["at least" if self.at_least else "at most", *filter(None, limit)])
        return f"{said}: {self.work}: {value}{self.unit} ({bound})"


def bars(figures: Sequence[Figures], round_trips: Mapping[str, float]) -> list[Bar]:
    """CPU and requests/s are at the most clients."""
    clients = [each.concurrency for each in figures]
    most, least = max(clients, default=0), min(clients, default=0)
    found = {(each.subject, each.work, each.concurrency): each for each in figures}

    def cpu(subject: str, work: Work) -> float | None:
        each = found.get((subject, work.value, most))
        return each.cpu_ms if each else None

    def times(work: Work, subject: str) -> float | None:
        ours, theirs = (found.get((name, work.value, least)) for name in (GatewayApi.name, subject))
        return ours.median_ms / theirs.median_ms if ours and theirs else None

    def faster(work: Work, subject: str) -> float | None:
        ours, theirs = (found.get((name, work.value, most)) for name in (GatewayApi.name, subject))
        return ours.per_second / theirs.per_second if ours and theirs else None

    ours = GatewayApi.name
    body, raw = cpu(ours, Work.BODY), cpu(RawImap.name, Work.BODY)
    beyond = None if body is None or raw is None else body - raw
    page, first, trips = Work.PAGE.value, Work.FIRST.value, round_trips.get(Work.FLAG.value)
    return [
        Bar(page, cpu(ours, Work.PAGE), "ms of CPU", 1.0),
        Bar(page, faster(Work.PAGE, PerRequest.name), f"times the requests/s of {PerRequest.name}", 10, at_least=True),
        Bar(f"{page}, {least} client", times(Work.PAGE, RawImap.name), f"times the time of {RawImap.name}", 1.5),
        Bar(Work.SAME.value, cpu(ours, Work.SAME), "ms of CPU", 0.5),
        Bar(first, cpu(ours, Work.FIRST), "ms of CPU", 6.0),
        Bar(first, cpu(ours, Work.FIRST), "ms of CPU", cpu(ImapflowApi.name, Work.FIRST), whose="imapflow's"),
        Bar(Work.BODY.value, beyond, f"ms of CPU beyond that of {RawImap.name}", 1.5),
        Bar(Work.FLAG.value, cpu(ours, Work.FLAG), "ms of CPU", 0.6),
        Bar(Work.FLAG.value, trips, "IMAP round trips", 1.0),
    ]
