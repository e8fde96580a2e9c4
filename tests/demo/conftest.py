"""The demo as a child process, and its mail server by itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from gateway.demo.certificate import make_certificate
from gateway.demo.imapd.connection import Users
from gateway.demo.imapd.folder import Store
from gateway.demo.imapd.server import MailServer
from gateway.demo.mail.mailbox import fill
from gateway.imap.endpoint import Endpoint
from gateway.secret import Secret

START_SECONDS = 30.0
STOP_SECONDS = 15.0
USER, PASSWORD = "demo@example.org", Secret("a password")


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo. ``printed`` is what it has written to the terminal until it was ready.

    ``token`` is empty where the issuer is not the demo's own.
    """

    process: subprocess.Popen[str]
    url: str
    issuer: str
    token: str
    printed: str

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=20)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)


def start_demo(folder: Path, *arguments: str, environ: dict[str, str] | None = None) -> Demo:
    """Raises AssertionError, with what it wrote, where it does not come up."""
    ready, written = folder / "ready.json", folder / "output.txt"
    with written.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "gateway", "demo", "--port", "0", "--ready-file", ready, *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environ or {})},
        )
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise AssertionError(written.read_text())
        time.sleep(0.05)
    found = json.loads(ready.read_text())
    return Demo(process, found["url"], found["issuer"], found.get("token", ""), written.read_text())


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for all tests that don't end it; a message arrives every half a second."""
    running = start_demo(tmp_path_factory.mktemp("demo"), "--deliver-every", "0.5")
    yield running
    assert running.stop() == 0


@dataclass(frozen=True, slots=True)
class Embedded:
    """The embedded mail server in this process, with the sample mail."""

    store: Store
    endpoint: Endpoint
    started: datetime


@pytest.fixture(scope="package")
def filled() -> tuple[Store, datetime]:
    """The sample mail, made once, and when."""
    store, started = Store(uidvalidity=1000), datetime.now(UTC)
    fill(store, started)
    return store, started


@pytest.fixture
async def embedded(tmp_path: Path, filled: tuple[Store, datetime]) -> AsyncIterator[Embedded]:
    tls, authority = make_certificate(tmp_path)
    store, started = deepcopy(filled)
    server = MailServer(store, Users({USER: PASSWORD}), tls)
    port = await server.start()
    yield Embedded(store, Endpoint("127.0.0.1", port, "implicit", str(authority)), started)
    await server.close()
