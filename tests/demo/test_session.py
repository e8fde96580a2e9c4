"""The page's sign-in, in Node: what it asks its issuer for, which answers it refuses, how it renews tokens."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import gateway.demo

PAGE = Path(gateway.demo.__file__).parent / "page"
CASES = Path(__file__).with_name("session_cases.mjs")


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed: the page's sign-in is not tried in it")
def test_the_session_against_an_issuer_of_paper(tmp_path: Path) -> None:
    for script in ("session.js", "issuer.js"):
        shutil.copy(PAGE / script, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    ran = subprocess.run(
        ["node", CASES, tmp_path / "session.js"], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    written = len(re.findall(r"^  async \"", CASES.read_text(), re.MULTILINE))
    assert written > 8
    assert ran.stdout == f"{written} cases\n"
