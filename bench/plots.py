"""The figures as plots: ``python -m bench.plots`` draws those of ``bench/results.json`` again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from bench.figures import Figures
from bench.gateway_api import GatewayApi
from bench.imapflow_api import ImapflowApi
from bench.per_request import PerRequest
from bench.raw_imap import RawImap
from bench.work import Work

COST: Final = "cost.png"
THROUGHPUT: Final = "throughput.png"
_INK: Final = "#1f2328"
_FAINT: Final = "#6e7781"
_SUBJECTS: Final = {
    GatewayApi.name: "#0072b2",
    ImapflowApi.name: "#e69f00",
    PerRequest.name: "#cc79a7",
    RawImap.name: "#b3b9c0",
}
"""Colours that are told apart by the colour-blind (Okabe and Ito), and by their lightness."""
_COLOURS: Final = 48  # a third of the octets of a picture in true colour
_GAP: Final = 0.9  # between two works, in bars
_Value = Callable[[Figures], float | None]


@dataclass(frozen=True, slots=True)
class _Panel:
    """``value`` of a figure at ``clients``; ``said`` is written beneath the title."""

    title: str
    said: str
    clients: int
    value: _Value

    def values(self, figures: Sequence[Figures]) -> dict[tuple[str, str], float]:
        """By work and subject."""
        asked = [each for each in figures if each.concurrency == self.clients]
        return {(each.work, each.subject): value for each in asked if (value := self.value(each))}


def draw(figures: Sequence[Figures], folder: Path) -> None:
    """Both plots, as files of the folder."""
    clients = [each.concurrency for each in figures]
    least, most = min(clients), max(clients)
    cost = (
        _Panel("Processor time of a request, ms", _clients(most), most, lambda each: each.cpu_ms),
        _Panel("Time until it is answered, ms (median)", _clients(least), least, lambda each: each.median_ms),
    )
    throughput = tuple(
        _Panel("Requests answered in a second", _clients(each), each, lambda figure: figure.per_second)
        for each in (least, most)
    )
    folder.mkdir(exist_ok=True)
    _plot(figures, cost, "less is better", folder / COST)
    _plot(figures, throughput, "more is better", folder / THROUGHPUT)


def _plot(figures: Sequence[Figures], panels: Sequence[_Panel], better: str, path: Path) -> None:
    works = [work.value for work in Work if any(each.work == work.value for each in figures)]
    subjects = [name for name in _SUBJECTS if any(each.subject == name for each in figures)]
    bars = len(works) * (len(subjects) + _GAP)
    figure = Figure(figsize=(11, 1.3 + 0.235 * bars), layout="constrained", facecolor="white")
    shown = [value for panel in panels for value in panel.values(figures).values()]
    axes = figure.subplots(1, len(panels), sharex=True, sharey=True)
    for panel, plot in zip(panels, axes, strict=True):
        _draw_panel(plot, panel, figures, works, subjects)
        plot.set_xlim(min(shown) / 2, max(shown) * 2)
        plot.set_title(f"{panel.title}\n", fontsize=12, fontweight="bold", color=_INK, loc="left", pad=2)
        plot.text(0, 1.012, f"{panel.said}; {better}; logarithmic", transform=plot.transAxes, fontsize=10, color=_FAINT)
    figure.legend(
        *axes[-1].get_legend_handles_labels(),
        loc="outside upper left", ncols=len(subjects), frameon=False, fontsize=11, labelcolor=_INK,
        handlelength=1.2, handleheight=1.0, columnspacing=2.0,
    )  # fmt: skip
    drawn = BytesIO()
    figure.savefig(drawn, dpi=150)
    Image.open(drawn).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def _draw_panel(
    plot: Axes, panel: _Panel, figures: Sequence[Figures], works: Sequence[str], subjects: Sequence[str]
) -> None:
    found = panel.values(figures)
    pitch = len(subjects) + _GAP
    plot.set_xscale("log")
    for place, subject in enumerate(subjects):
        bars = [
            (number * pitch + place, value)
            for number, work in enumerate(works)
            if (value := found.get((work, subject))) is not None
        ]
        drawn = plot.barh(
            [at for at, _ in bars], [value for _, value in bars], height=0.86, color=_SUBJECTS[subject], label=subject
        )
        plot.bar_label(
            drawn, [_short(value) for _, value in bars], padding=3, fontsize=9, color=_INK,
            weight="bold" if subject == GatewayApi.name else "normal",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},  # over the grid
        )  # fmt: skip
        for number, work in enumerate(works):
            if (work, subject) not in found:
                plot.text(0.01, number * pitch + place, "none", transform=plot.get_yaxis_transform(),
                          va="center", fontsize=9, color=_FAINT)  # fmt: skip
    plot.xaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    plot.set_yticks([number * pitch + (len(subjects) - 1) / 2 for number in range(len(works))], works)
    plot.set_ylim(len(works) * pitch - _GAP / 2 - 0.5, -_GAP / 2 - 0.5)
    _quiet(plot)


def _quiet(plot: Axes) -> None:
    """No frame, a faint grid beneath the bars."""
    plot.spines[:].set_visible(False)
    plot.grid(axis="x", which="major", color="#d0d7de", linewidth=0.8)
    plot.set_axisbelow(True)
    plot.minorticks_off()
    plot.tick_params(axis="y", length=0, labelsize=11, labelcolor=_INK)
    plot.tick_params(axis="x", length=0, labelsize=9, labelcolor=_FAINT)


def _short(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _clients(number: int) -> str:
    return "one client" if number == 1 else f"{number} clients"


def read(data: Path) -> tuple[Figures, ...]:
    """The figures of a file that the benchmark wrote."""
    return tuple(Figures(**each) for each in json.loads(data.read_text())["figures"])


if __name__ == "__main__":
    from bench.command import DATA_FILE, PLOTS

    draw(read(DATA_FILE), PLOTS)
