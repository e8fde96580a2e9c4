"""The figures as a table, as data, and in the documentation."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from bench.figures import Figures

BEGIN: Final = "<!-- measured: begin -->"
END: Final = "<!-- measured: end -->"
_HEAD: Final = (
    "work", "clients", "subject", "median ms", "p10 to p90", "requests/s", "time, gateway = 1", "CPU ms", "IMAP octets",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """``figures`` of one run; ``memory`` is the gateway's resident octets at its end, None where it is not ours."""

    figures: tuple[Figures, ...]
    memory: int | None = None

    def table(self) -> str:
        """For a terminal and for Markdown alike."""
        return table([_HEAD, *(self._row(each) for each in self.figures)], left=3)

    def notes(self) -> str:
        load = " ".join(f"{each:.1f}" for each in os.getloadavg())
        memory = "" if self.memory is None else f" The gateway's resident memory at the end: {self.memory >> 20} MB."
        return (
            f"{os.cpu_count()} processors ({platform.machine()}), Python {platform.python_version()}; "
            f"load at the end: {load}.{memory}"
        )

    def json(self) -> str:
        value = {
            "processors": os.cpu_count(),
            "machine": platform.machine(),
            "python": platform.python_version(),
            "load": os.getloadavg(),
            "gateway_resident_octets": self.memory,
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
    put_between(page, BEGIN, END, f"{report.table()}\n\n{report.notes()}")


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
