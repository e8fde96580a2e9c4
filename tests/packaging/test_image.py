"""The Dockerfile, read (``make image`` builds and runs it)."""

from __future__ import annotations

import json
import re

import pytest

from tests.architecture.source import ROOT

TEXT = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
INSTRUCTIONS = [line.split(maxsplit=1) for line in TEXT.splitlines() if line and not line.startswith("#")]
FINAL = INSTRUCTIONS[max(index for index, line in enumerate(INSTRUCTIONS) if line[0] == "FROM") :]


def said(instruction: str) -> list[str]:
    return [value.strip() for name, value in FINAL if name == instruction]


def test_the_base_is_a_parameter() -> None:
    assert INSTRUCTIONS[0][0] == "ARG"
    assert {value.split()[0] for name, value in INSTRUCTIONS if name == "FROM"} == {"${BASE}"}


def test_the_user_is_nobody_by_number() -> None:
    assert said("USER") == ["65534:65534"]


def test_nothing_runs_and_nothing_is_installed_in_the_final_stage() -> None:
    assert not said("RUN")
    assert said("COPY") == ["--from=build /opt/gateway /opt/gateway"]


def test_what_is_installed_is_pinned_and_never_compiled() -> None:
    installs = [part for name, value in INSTRUCTIONS if name == "RUN" for part in value.split("&&") if " -r " in part]
    assert installs
    assert all("--require-hashes" in part and "--only-binary :all:" in part for part in installs)


@pytest.mark.parametrize("instruction", ["ENTRYPOINT", "CMD"])
def test_the_process_gets_signals_itself(instruction: str) -> None:
    (value,) = said(instruction)
    assert isinstance(json.loads(value), list), "the exec form: a shell would keep SIGTERM to itself"


def test_health_is_asked_without_a_shell() -> None:
    (value,) = said("HEALTHCHECK")
    assert json.loads(value.partition("CMD ")[2])[0] == "/opt/gateway/bin/python"


def test_only_what_is_needed_is_sent_to_the_build() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert lines[0] == "*"
