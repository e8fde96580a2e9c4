"""One's own mailbox: real servers, and the password from everywhere but the command line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.servers.dovecot import Dovecot

from .conftest import start_demo

OWN = ("--imap-host", "imap.example.org", "--user", "me")


def test_the_demo_on_a_real_mailbox(dovecot: Dovecot, tmp_path: Path) -> None:
    password = tmp_path / "password"
    secret = dovecot.password("alice")
    password.write_text(f"{secret}\n")
    running = start_demo(
        tmp_path,
        *("--imap-host", "localhost", "--imap-port", str(dovecot.tls_port), "--ca-file", str(dovecot.ca_file)),
        *("--user", "alice", "--password-file", str(password)),
    )
    try:
        with running.client() as client:
            folders = client.get("/v1/accounts/me/folders").json()["folders"]
        assert "inbox" in [folder["role"] for folder in folders]
        assert secret not in running.printed
        code = re.search(r"Code +([0-9a-f]{8})", running.printed)
        assert code is not None
        asking = httpx.get(f"{running.issuer}/authorize", params={"client_id": "demo-page"})
        assert code[1] not in asking.text
    finally:
        assert running.stop() == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--imap-host", "imap.example.org"], "--imap-host and --user belong together"),
        (
            ["--imap-host", "imap.example.org", "--user", "me", "--password-file", "/nowhere"],
            "--password-file: can't be",
        ),
        (["--imap-host", "imap.example.org", "--user", "me"], "--password-file: there is no terminal"),
        (["--imap-host", "imap.example.org", "--user", "me", "--password", "x"], "unrecognized"),
        (["--no-tls-verify"], "unrecognized arguments"),
        (["--config", "gateway.toml"], "--config and --client-id belong together"),
        (["--config", "/nowhere", "--client-id", "page"], "configuration: can't be read"),
        ([*OWN, "--config", "/nowhere", "--client-id", "page"], "--imap-host and --config are two ways"),
        (["--deliver-every", "-1"], "must be from 0"),
    ],
)
def test_what_the_demo_refuses(arguments: list[str], message: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "gateway", "demo", *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL,
        timeout=30, check=False,
    )  # fmt: skip
    assert ran.returncode == 2
    assert re.search(message, ran.stderr)
    assert "Traceback" not in ran.stderr
