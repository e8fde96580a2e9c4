"""The plots are drawn of whatever was measured, and are small."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bench.command import DATA_FILE, PAGE_FILE, PLOTS
from bench.figures import Figures
from bench.plots import COST, THROUGHPUT, draw, read

SAMPLE = read(DATA_FILE)


def some(condition: str) -> tuple[Figures, ...]:
    return {
        "all": SAMPLE,
        "one subject": tuple(each for each in SAMPLE if each.subject == "gateway"),
        "one concurrency": tuple(each for each in SAMPLE if each.concurrency == 1),
        "no CPU": tuple(replace(each, cpu_ms=None) for each in SAMPLE),
        "one figure": SAMPLE[:1],
    }[condition]


@pytest.mark.parametrize("condition", ["all", "one subject", "one concurrency", "no CPU", "one figure"])
def test_both_are_drawn(condition: str, tmp_path: Path) -> None:
    draw(some(condition), tmp_path / "plots")
    for name in (COST, THROUGHPUT):
        path = tmp_path / "plots" / name
        assert path.stat().st_size < 100_000
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert image.width == 1650


def test_the_page_shows_them_with_words_for_who_cannot_see_them() -> None:
    text = PAGE_FILE.read_text()
    for name in (COST, THROUGHPUT):
        assert (PLOTS / name).stat().st_size > 0
        before, found, _ = text.partition(f"](performance/{name})")
        assert found
        assert len(before.rpartition("![")[2]) > 40
