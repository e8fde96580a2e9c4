"""The figures as a table, as data, and in the documentation."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from bench.bars import bars
from bench.figures import Figures

BEGIN: Final = "<!-- measured: begin -->"
END: Final = "<!-- measured: end -->"
_HEAD: Final = (
    "work", "clients", "subject", "median ms", "p10 to p90", "requests/s", "time, gateway = 1", "CPU ms", "IMAP octets",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """``figures`` of one run; ``memory`` is what of the processes that are ours was resident at its end, by name.

    ``round_trips`` are of the gateway, by work. ``left_out`` says of which subject there are no figures, and why.
    """

    figures: tuple[Figures, ...]
    memory: Mapping[str, int] = field(default_factory=dict)
    round_trips: Mapping[str, float] = field(default_factory=dict)
    left_out: str = ""

    def table(self) -> str:
        """For a terminal and for Markdown alike."""
        return table([_HEAD, *(self._row(each) for each in self.figures)], left=3)

    def bars(self) -> str:
        """A list of what is aimed at; empty where nothing was compared."""
        if not self.memory:
            return ""
        most = max(each.concurrency for each in self.figures)
        said = f"What is aimed at, with {most} clients where nothing else is said:"
        return "\n".join((said, "", *(f"- {bar}" for bar in bars(self.figures, self.round_trips))))

    def notes(self) -> str:
        load = " ".join(f"{each:.1f}" for each in os.getloadavg())
        memory = ", ".join(f"{name} {octets >> 20} MB" for name, octets in self.memory.items())
        trips = ", ".join(f"{work} {trips:g}" for work, trips in self.round_trips.items())
        told = [
            f"{os.cpu_count()} processors ({platform.machine()}), Python {platform.python_version()}; "
            f"load at the end: {load}.",
            f"Resident memory at the end: {memory}." if memory else "",
            f"The gateway's IMAP round trips: {trips}." if trips else "",
            self.left_out,
        ]
        return " ".join(each for each in told if each)

    def whole(self) -> str:
        return "\n\n".join(each for each in (self.table(), self.bars(), self.notes()) if each)

    def json(self) -> str:
        value = {
            "processors": os.cpu_count(),
            "machine": platform.machine(),
            "python": platform.python_version(),
            "load": os.getloadavg(),
            "resident_octets": self.memory,
            "round_trips": self.round_trips,
            "left_out": self.left_out,
            "bars": [{**asdict(bar), "held": bar.held} for bar in bars(self.figures, self.round_trips)],
            "figures": [asdict(each) for each in self.figures],
        }
        return json.dumps(value, indent=1) + "\n"

    def ratio(self, figure: Figures) -> float | None:
        """Its median time in units of the first subject's at the same work and concurrency."""
        for base in self.figures:
            if (base.work, base.concurrency) == (figure.work, figure.concurrency):
                return figure.median_ms / base.median_ms
        return None

    def _row(self, each: Figures) -> tuple[str, ...]:
        ratio = self.ratio(each)
        return (
            each.work,
            str(each.concurrency),
            each.subject,
            f"{each.median_ms:.2f}",
            f"{each.p10_ms:.2f} to {each.p90_ms:.2f}",
            f"{each.per_second:.0f}",
            "" if ratio is None else f"{ratio:.2f}",
            "" if each.cpu_ms is None else f"{each.cpu_ms:.2f}",
            "" if each.imap_octets is None else f"{each.imap_octets:.0f}",
        )


def put_into(page: Path, report: Report) -> None:
    """Replace what stands between the marks. Raises ValueError where the page has none."""
    put_between(page, BEGIN, END, report.whole())


def put_between(page: Path, begin: str, end: str, fresh: str) -> None:
    """Replace what stands between two marks. Raises ValueError where the page has none."""
    text = page.read_text()
    if begin not in text or end not in text:
        raise ValueError(f"{page} has no place for the table")
    whole = f"{begin}\n{fresh}\n{end}"
    page.write_text(re.sub(f"{re.escape(begin)}.*{re.escape(end)}", lambda _: whole, text, flags=re.DOTALL))


def table(rows: Sequence[Sequence[str]], left: int) -> str:
    """The first row is the head; the first ``left`` columns are text, the others figures."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [_line(row, widths, left) for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _line(row: Sequence[str], widths: Sequence[int], left: int) -> str:
    cells = [cell.ljust(width) if column < left else cell.rjust(width)
             for column, (cell, width) in enumerate(zip(row, widths, strict=True))]  # fmt: skip
    return "| " + " | ".join(cells) + " |"
