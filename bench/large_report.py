"""The figures of large mail, as a table of their own."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from bench.report import put_between, table

BEGIN: Final = "<!-- large: begin -->"
END: Final = "<!-- large: end -->"
PREVIEW_OCTETS: Final = 150_000
"""What a page of previews may draw from the mail server."""
_HEAD: Final = (
    "work", "times", "first ms", "median ms", "least to most", "CPU ms", "least to most", "IMAP octets",
    "memory +MB", "MB/s",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LargeFigures:
    """Milliseconds and octets of one request, ``cpu`` and ``grown`` (peak of resident octets) of the gateway's process.

    ``first_ms`` is of the first time, which the others leave out. ``megabytes_per_second`` is of the answer.
    """

    work: str
    times: int
    first_ms: float
    median_ms: float
    spread_ms: tuple[float, float]
    cpu_ms: float
    cpu_spread_ms: tuple[float, float]
    imap_octets: float
    grown: int
    megabytes_per_second: float | None

    @classmethod
    def of(
        cls,
        work: str,
        first: float,
        wall: Sequence[float],
        cpu: Sequence[float],
        octets: Sequence[float],
        grown: int,
        answer: int,
    ) -> LargeFigures:
        """``first``, ``wall`` and ``cpu`` in seconds; ``answer`` 0 where its speed says nothing."""
        return cls(
            work=work,
            times=len(wall),
            first_ms=first * 1000,
            median_ms=median(wall) * 1000,
            spread_ms=(min(wall) * 1000, max(wall) * 1000),
            cpu_ms=median(cpu) * 1000,
            cpu_spread_ms=(min(cpu) * 1000, max(cpu) * 1000),
            imap_octets=median(octets),
            grown=grown,
            megabytes_per_second=answer / median(wall) / 1_000_000 if answer else None,
        )


@dataclass(frozen=True, slots=True)
class LargeReport:
    figures: tuple[LargeFigures, ...]

    def table(self) -> str:
        return table([_HEAD, *(_row(each) for each in self.figures)], left=1)

    def notes(self) -> str:
        load = " ".join(f"{each:.1f}" for each in os.getloadavg())
        previews = [each for each in self.figures if "previews" in each.work]
        drawn = " and ".join(f"{each.imap_octets / 1000:.0f} KB" for each in previews)
        held = all(each.imap_octets < PREVIEW_OCTETS for each in previews)
        bound = f"{'less' if held else 'NOT less'} than {PREVIEW_OCTETS // 1000} KB"
        return (
            f"The pages with previews draw {drawn}: {bound}. {os.cpu_count()} processors ({platform.machine()}), "
            f"Python {platform.python_version()}; load at the end: {load}."
        )

    def put_into(self, page: Path) -> None:
        """Raises ValueError where the page has no place for it."""
        put_between(page, BEGIN, END, f"{self.table()}\n\n{self.notes()}")


def _row(each: LargeFigures) -> tuple[str, ...]:
    return (
        each.work,
        str(each.times),
        f"{each.first_ms:.0f}",
        f"{each.median_ms:.1f}",
        f"{each.spread_ms[0]:.1f} to {each.spread_ms[1]:.1f}",
        f"{each.cpu_ms:.1f}",
        f"{each.cpu_spread_ms[0]:.1f} to {each.cpu_spread_ms[1]:.1f}",
        f"{each.imap_octets:.0f}",
        f"{each.grown / 1_000_000:.1f}",
        "" if each.megabytes_per_second is None else f"{each.megabytes_per_second:.0f}",
    )
