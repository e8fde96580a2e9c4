"""What is under version control: everything a stranger needs, and nothing of one machine."""

from __future__ import annotations

import re

import pytest

from .source import ROOT, tracked

NEEDED = (
    *("README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "Dockerfile", ".ci/run"),
    *("docs/standards.md", "docs/decisions/0001-floors.md", "docs/decisions/0002-dependencies.md"),
    *(
        "requirements/dev.txt",
        "requirements/runtime.txt",
        "requirements/build.txt",
        "helm/Chart.yaml",
        "helm/values.schema.json",
    ),
)
# Written so that this file does not match itself.
FOREIGN = re.compile(
    r"/wor[k]/|/hom[e]/[a-z]+/|/Use[r]s/[a-z]+/|/tmp/pla[n]"
    r"|py[p]i\.org|python[h]osted|npm[j]s\.o|deb\.debia[n]"
)
TEXT = {".py", ".md", ".txt", ".toml", ".yaml", ".yml", ".json", ".tpl", ".sh", ".html", ".js", ".css", ""}


@pytest.mark.parametrize("name", NEEDED)
def test_it_is_there(name: str) -> None:
    assert (ROOT / name).stat().st_size > 0


def test_nothing_of_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for path in tracked()
        if path.suffix in TEXT
        for match in [FOREIGN.search(path.read_text(encoding="utf-8", errors="replace"))]
        if match
    ]
    assert not found


def test_the_locks_pin_by_hash_and_name_no_address() -> None:
    for lock in ("dev", "runtime", "build"):
        text = (ROOT / "requirements" / f"{lock}.txt").read_text()
        assert "://" not in text
        pins = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert pins
        assert all(re.match(r"[a-z0-9.\-]+==\S+( ;.*)? \\$", pin) for pin in pins), pins


def test_nothing_large_is_tracked() -> None:
    large = {str(path.relative_to(ROOT)): path.stat().st_size for path in tracked() if path.stat().st_size > 1_000_000}
    assert not large
