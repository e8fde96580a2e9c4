"""The figures of streams, accounts and the start, as a table of their own, each beside its bar."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from bench.report import put_between, table

BEGIN: Final = "<!-- streams: begin -->"
END: Final = "<!-- streams: end -->"
_HEAD: Final = ("work", "figure", "times", "median", "least to most", "bar")


@dataclass(frozen=True, slots=True)
class StreamFigure:
    """``values`` of one thing that was measured several times; ``bar``: what the median is to stay below."""

    work: str
    figure: str
    values: tuple[float, ...]
    bar: float | None = None

    @property
    def held(self) -> bool:
        return self.bar is None or median(self.values) <= self.bar


@dataclass(frozen=True, slots=True)
class StreamReport:
    """``part`` names its place on the page."""

    figures: tuple[StreamFigure, ...]
    part: str = "streams"

    def table(self) -> str:
        return table([_HEAD, *(_row(each) for each in self.figures)], left=2)

    def notes(self) -> str:
        missed = [f"{each.work}, {each.figure}" for each in self.figures if not each.held]
        said = f"Not held: {'; '.join(missed)}." if missed else "All bars are held."
        load = " ".join(f"{each:.1f}" for each in os.getloadavg())
        return (
            f"{said} {os.cpu_count()} processors ({platform.machine()}), Python {platform.python_version()}; "
            f"load at the end: {load}."
        )

    def put_into(self, page: Path) -> None:
        """Raises ValueError where the page has no place for it."""
        put_between(
            page, f"<!-- {self.part}: begin -->", f"<!-- {self.part}: end -->", f"{self.table()}\n\n{self.notes()}"
        )


def _row(each: StreamFigure) -> tuple[str, ...]:
    return (
        each.work,
        each.figure,
        str(len(each.values)),
        f"{median(each.values):.2f}",
        f"{min(each.values):.2f} to {max(each.values):.2f}",
        "" if each.bar is None else f"{each.bar:g}",
    )
