"""Pages of a large folder are measured as it says."""

from __future__ import annotations

from bench.scale import Scale, run_scale

SMALL = Scale(small=300, large=1500, deep=20, turns=2)


def test_a_whole_run(needs_dovecot: None) -> None:
    said: list[str] = []
    report = run_scale(SMALL, said.append)
    assert len({(each.work, each.figure) for each in report.figures}) == len(report.figures) == 20
    assert len(said) == 21
    octets = [value for each in report.figures if each.figure.startswith("IMAP") for value in each.values]
    assert all(0.8 < value < 1.3 for value in octets)
    assert all(len(each.values) == SMALL.turns for each in report.figures)
