"""docs/standards.md keeps up with the code."""

from __future__ import annotations

import re

from .source import ROOT, modules

ROW = re.compile(r"^\| (\d{3,5}) \| [^|]+ \| (\w+) \|", re.MULTILINE)
PAGE = (ROOT / "docs" / "standards.md").read_text(encoding="utf-8")


def test_each_standard_has_one_row_and_an_answer() -> None:
    rows = ROW.findall(PAGE)
    numbers = [number for number, _ in rows]
    assert len(numbers) == len(set(numbers))
    assert {answer for _, answer in rows} == {"yes", "partly", "no"}


def test_a_standard_cited_in_the_code_has_a_row() -> None:
    cited = {number for module in modules("gateway") for number in re.findall(r"RFC (\d{3,5})", module.text)}
    assert cited - {number for number, _ in ROW.findall(PAGE)} == set()
