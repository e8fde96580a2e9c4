"""What is aimed at is held to what was measured, and to nothing where it was not."""

from __future__ import annotations

from bench.bars import Bar, bars
from bench.figures import Figures
from bench.gateway_api import GatewayApi
from bench.imapflow_api import ImapflowApi
from bench.per_request import PerRequest
from bench.raw_imap import RawImap
from bench.work import Work


def figure(subject: str, work: Work, clients: int, **values: float) -> Figures:
    defaults = {"median_ms": 1.0, "p10_ms": 1.0, "p90_ms": 1.0, "per_second": 100.0}
    return Figures(subject=subject, work=work.value, concurrency=clients, requests=9, **{**defaults, **values})


def found(*figures: Figures, trips: float = 1.0) -> dict[tuple[str, str], bool | None]:
    return {(each.work, each.unit + each.whose): each.held for each in bars(figures, {Work.FLAG.value: trips})}


def test_each_bar_looks_at_its_own_figures() -> None:
    ours = GatewayApi.name
    held = found(
        figure(ours, Work.PAGE, 16, cpu_ms=0.9, per_second=1000),
        figure(ours, Work.PAGE, 1, cpu_ms=5.0, median_ms=1.4),
        figure(RawImap.name, Work.PAGE, 1, median_ms=1.0),
        figure(PerRequest.name, Work.PAGE, 16, per_second=99),
        figure(ours, Work.SAME, 16, cpu_ms=0.51),
        figure(ours, Work.FIRST, 16, cpu_ms=5.9),
        figure(ImapflowApi.name, Work.FIRST, 16, cpu_ms=5.8),
        figure(ours, Work.BODY, 16, cpu_ms=1.7),
        figure(RawImap.name, Work.BODY, 16, cpu_ms=0.3),
        figure(ours, Work.FLAG, 16, cpu_ms=0.6),
        trips=2.0,
    )
    assert list(held.values()) == [True, True, True, False, True, False, True, True, False]


def test_without_imapflow_its_bar_is_not_measured() -> None:
    held = found(figure(GatewayApi.name, Work.FIRST, 16, cpu_ms=5.9))
    assert held[Work.FIRST.value, "ms of CPUimapflow's"] is None
    assert held[Work.FIRST.value, "ms of CPU"] is True


def test_bars_are_written_as_sentences() -> None:
    assert str(Bar("a page", 0.5012, "ms of CPU", 0.5)) == "**not held**: a page: 0.501 ms of CPU (at most 0.5)"
    assert str(Bar("a page", 20, "times", 10, at_least=True)) == "held: a page: 20 times (at least 10)"
    assert str(Bar("a page", 1, "ms", None, whose="theirs")) == "not measured: a page: 1 ms (at most theirs)"


def test_no_figures_no_verdict() -> None:
    assert {each.held for each in bars((), {})} == {None}
