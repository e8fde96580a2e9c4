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
RAW_SHARE: Final = 0.7
"""Of a raw socket's speed: what a large download is to have at least."""
GROWN_MB: Final = 8
GROWN_TOGETHER_MB: Final = 64
_HEAD: Final = (
    "work", "times", "first ms", "median ms", "least to most", "CPU ms", "least to most", "IMAP octets",
    "memory +MB", "IMAP MB/s",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LargeFigures:
    """Milliseconds and octets of one request, ``cpu`` and ``grown`` (peak of resident octets) of the gateway's process.

    ``first_ms`` is of the first time, which the others leave out. ``megabytes_per_second`` is of IMAP octets.
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
        *,
        rated: bool = False,
    ) -> LargeFigures:
        """``first``, ``wall`` and ``cpu`` in seconds; ``rated``: the speed says something."""
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
            megabytes_per_second=median(octets) / median(wall) / 1_000_000 if rated else None,
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
            f"The pages with previews draw {drawn}: {bound}. {self._downloads()}{os.cpu_count()} processors "
            f"({platform.machine()}), Python {platform.python_version()}; load at the end: {load}."
        )

    def _downloads(self) -> str:
        rated = [each for each in self.figures if each.megabytes_per_second is not None]
        if len(rated) < 5:
            return ""
        alone, bare, afar, bare_afar, together = rated
        share = (alone.megabytes_per_second or 0) / (bare.megabytes_per_second or 1)
        share_afar = (afar.megabytes_per_second or 0) / (bare_afar.megabytes_per_second or 1)
        return (
            f"The attachment comes at {share:.2f} times the raw socket's speed (bar {RAW_SHARE}; from afar "
            f"{share_afar:.2f}), for "
            f"{alone.grown / 1e6:.1f} MB (bar {GROWN_MB}), and many at once for {together.grown / 1e6:.1f} MB "
            f"(bar {GROWN_TOGETHER_MB}). "
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
