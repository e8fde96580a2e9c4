"""The page's TypeScript: its apply does what the Python client's does, and what is served is what it compiles to."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import gateway.demo
from tests.client.shelf import CASES, cases

PAGE = Path(gateway.demo.__file__).parent / "page"
ROOT = Path(__file__).parents[2]
needs_node = pytest.mark.skipif(
    shutil.which("node") is None, reason="Node is not installed: the page's apply is not run"
)


@needs_node
def test_the_page_applies_as_the_client_does() -> None:
    script = Path(__file__).with_name("apply_cases.mjs")
    ran = subprocess.run(
        ["node", script, PAGE / "apply.js", CASES], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == f"{len(cases())} cases\n"


@needs_node
@pytest.mark.skipif(
    shutil.which("npm") is None, reason="npm is not installed: the page's .js is not compared with its .ts"
)
def test_what_is_served_is_what_the_typescript_compiles_to(tmp_path: Path) -> None:
    """Types are checked on the way."""
    ran = subprocess.run([ROOT / "scripts/page", tmp_path], capture_output=True, text=True, check=False, timeout=110)
    if "npm error" in ran.stderr:
        pytest.skip("npm can't fetch the compiler: the page's .js is not compared with its .ts")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    made = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert made.keys() == {f"{source.stem}.js" for source in PAGE.glob("*.ts")}
    assert made == {name: (PAGE / name).read_text() for name in made}, "run scripts/page"


def test_the_compiler_is_pinned_by_hash_and_names_no_address() -> None:
    lock = (ROOT / "requirements/page/package-lock.json").read_text()
    assert '"integrity": "sha512-' in lock
    assert "resolved" not in lock
    assert "://" not in lock
