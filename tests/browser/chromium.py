"""A headless Chromium with a profile of its own, which finds every ``*.example`` host at one loopback port."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

BINARY = Path("/usr/bin/chromium")
MISSING = "Chromium is not installed: the sanitiser is not tried in a browser (Debian: apt-get install chromium)"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--mute-audio",
)  # fmt: skip


class Chromium:
    """Shows ``url`` until it is left."""

    def __init__(self, url: str, *, elsewhere: int) -> None:
        self._url, self._elsewhere = url, elsewhere
        self._profile = Path(tempfile.mkdtemp(prefix="gw-chromium."))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        rules = f"--host-resolver-rules=MAP *.example 127.0.0.1:{self._elsewhere}"
        self._process = subprocess.Popen(
            [BINARY, *FLAGS, rules, f"--user-data-dir={self._profile}", self._url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
        shutil.rmtree(self._profile, ignore_errors=True)
