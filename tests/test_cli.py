"""The command line as a person meets it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.cli import USAGE_ERROR, main

IMPORT_SECONDS = 0.4


def gateway(*arguments: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "gateway", *arguments],
        capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
        env=None if environ is None else {"PATH": "/usr/bin:/bin", **environ},
    )  # fmt: skip


def test_without_a_command_it_says_which_there_are() -> None:
    ran = gateway()
    assert ran.returncode == 2
    for command in ("demo", "serve", "check", "openapi"):
        assert command in gateway("--help").stdout


def test_openapi_prints_the_document() -> None:
    ran = gateway("openapi")
    assert ran.returncode == 0
    assert json.loads(ran.stdout)["openapi"].startswith("3.1")


def test_who_reads_the_document_may_stop_early() -> None:
    command = [sys.executable, "-W", "error", "-m", "gateway", "openapi"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ran:
        assert ran.stdout is not None
        ran.stdout.close()
        _, said = ran.communicate(timeout=60)
    assert (ran.returncode, said) == (0, b"")


@pytest.mark.parametrize("command", ["serve", "check"])
def test_a_configuration_error_is_one_line_that_names_key_file_and_line(command: str, tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text('[server]\nbind = "nowhere"\n[[issuers]]\nissuer = "https://i.example.org"\naudience = "a"\n'
                    '[[providers]]\nname = "p"\nimap = { host = "imap.example.org" }\n'
                    'auth = { method = "pass_through" }\n')  # fmt: skip
    ran = gateway(command, "--config", str(file))
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "server.bind" in ran.stderr
    assert f"{file}, line 2" in ran.stderr


def test_a_configuration_error_in_a_variable_names_it(tmp_path: Path) -> None:
    ran = gateway("serve", environ={"GATEWAY__SERVER__DRAIN_SECONDS": "soon"})
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "GATEWAY__" in ran.stderr or "issuers" in ran.stderr


@pytest.mark.alone
def test_it_starts_fast_and_a_command_loads_only_what_it_needs() -> None:
    code = (
        "import sys; import gateway.cli; gateway.cli._parser();"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in "
        "{'starlette', 'uvicorn', 'httpx', 'aioimaplib', 'joserfc', 'authlib', 'nh3', 'prometheus_client'}))"
    )
    began = time.perf_counter()
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    took = time.perf_counter() - began
    bare = _bare_start()

    assert ran.stdout.strip() == "[]"
    assert took - bare < IMPORT_SECONDS


def test_the_issuer_of_the_demo_is_not_loaded_by_serve() -> None:
    code = (
        "import sys; import gateway.serve, gateway.app;"
        "print([name for name in sys.modules if name.startswith('gateway.demo')])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert ran.stdout.strip() == "[]"


def _bare_start() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True, timeout=30)
    return time.perf_counter() - began


def test_a_key_is_made_once_and_for_its_user_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "key"
    assert main(["keys", "generate", "--out", str(out)]) == 0
    assert out.stat().st_mode & 0o777 == 0o600
    assert len(out.read_text().strip()) == 43
    assert main(["keys", "generate", "--out", str(out)]) == USAGE_ERROR
    assert "exists" in capsys.readouterr().err
    assert main(["keys", "generate"]) == 0
    assert capsys.readouterr().out.strip() != out.read_text().strip()


def test_tables_are_made_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(
        f'[accounts]\ndatabase = "sqlite+aiosqlite:///{tmp_path}/accounts.db"\n'
        'keys = [{ id = "one", file = "key" }]\n'
        '[[issuers]]\nissuer = "https://login.example.org"\naudience = "https://mail.example.org"\n'
        '[[providers]]\nname = "one"\nimap = { host = "imap.example.org" }\nauth = { method = "linked" }\n'
    )
    assert main(["keys", "generate", "--out", str(tmp_path / "key")]) == 0
    for command in (["accounts", "migrate"], ["accounts", "migrate"], ["keys", "rotate"]):
        assert main([*command, "--config", str(file)]) == 0
    assert "done: 0 sealed with one" in capsys.readouterr().out
