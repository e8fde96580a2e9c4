"""Streams are measured as it says: one small run, and a stream that is refused or not told is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.crowd_process import CrowdProcess
from bench.streams import Crowds, StreamSite, run_streams, stream_site
from bench.streams_report import BEGIN, END, StreamFigure, StreamReport
from bench.work import WrongAnswer

SMALL = Crowds(idle=60, told=30, changes=1, accounts=8, starts=1)


@pytest.fixture
def place(needs_dovecot: None) -> Iterator[StreamSite]:
    with stream_site(SMALL) as made:
        yield made


def test_a_whole_run(needs_dovecot: None) -> None:
    said: list[str] = []
    report = run_streams(SMALL, said.append)
    assert len(said) == 4
    assert len({(each.work, each.figure) for each in report.figures}) == len(report.figures) == 9
    assert all(value >= 0 for each in report.figures for value in each.values)
    cpu = next(each for each in report.figures if each.figure == "CPU µs a stream")
    assert cpu.values[0] > 1


def test_a_stream_that_is_refused_is_noticed(place: StreamSite) -> None:
    with place.gateway() as gateway, CrowdProcess(gateway.port) as crowd, pytest.raises(WrongAnswer):
        crowd.join([{"Authorization": "Bearer nonsense"}])


def test_the_table_says_what_is_not_held(tmp_path: Path) -> None:
    held = StreamFigure("idle", "KB each", (1.0, 3.0, 2.0), 2)
    missed = StreamFigure("start", "seconds", (3.0,), 2)
    assert "All bars are held" in StreamReport((held,)).notes()
    assert "Not held: start, seconds." in StreamReport((held, missed)).notes()
    page = tmp_path / "page.md"
    page.write_text(f"above\n{BEGIN}\nold\n{END}\nbelow\n")
    StreamReport((held,)).put_into(page)
    assert "1.00 to 3.00" in page.read_text()
    assert "old" not in page.read_text()
