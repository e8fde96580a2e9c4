"""A cited section exists. The standards' texts lie beside a developer's working copy; without them this is skipped."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from .source import ROOT, tracked

STANDARDS = ROOT.parent / "shared" / "rfc"
DOTTED = r"[0-9]+(?:\.[0-9]+)*"
CITATION = re.compile(
    rf"RFC[ \u00a0](\d{{3,5}}),? sections? ((?:{DOTTED}|[A-Z](?:\.[0-9]+)+)(?:(?:, | and | to ){DOTTED})*)"
)
HEADING = re.compile(r"^ {0,9}(?:Appendix )?([0-9A-Z]+(?:\.[0-9]+)*)\.? +\S", re.MULTILINE)
VAGUE = re.compile(r"RFC[ \u00a0]?\d{3,5}(?: §|, ?sec\. ?| Section | chapter )|RFC\d{4}")
NUMBER = re.compile(r"[0-9A-Z]+(?:\.[0-9]+)*")


@cache
def sections(number: str) -> frozenset[str] | None:
    path = STANDARDS / f"rfc{number}.txt"
    if not path.exists():
        return None
    text = path.read_text(errors="replace")
    return frozenset(HEADING.findall(text))


def cited(path: Path) -> set[tuple[str, str]]:
    text = re.sub(r"\s*\n[\s#*>]*", " ", path.read_text(encoding="utf-8"))
    return {
        (match.group(1), section)
        for match in CITATION.finditer(text)
        for section in NUMBER.findall(re.sub(r" (?:and|to) |, ", " ", match.group(2)))
    }


PAGES = [path for path in tracked() if path.suffix in (".py", ".md") and path.name != Path(__file__).name]


def test_cited_sections_exist() -> None:
    if not STANDARDS.is_dir():
        pytest.skip("the standards' texts are not here: citations are not checked")
    wrong = [
        f"{path.relative_to(ROOT)}: RFC {number} has no section {section}"
        for path in PAGES
        for number, section in sorted(cited(path))
        if (known := sections(number)) is not None and section not in known
    ]
    assert not wrong


def test_citations_are_in_one_form() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {match.group(0)}…"
        for path in PAGES
        for match in VAGUE.finditer(path.read_text(encoding="utf-8"))
    ]
    assert not wrong


def test_the_check_itself(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("See RFC 9051 section 7.5.2, RFC 7162 sections 3.1 and 3.2.5 (RFC 5322\nsection 3.4).")
    assert cited(page) == {("9051", "7.5.2"), ("7162", "3.1"), ("7162", "3.2.5"), ("5322", "3.4")}
