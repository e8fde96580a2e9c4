"""The imapflow baseline in a process of its own: Node, and the packages that its lock names."""

from __future__ import annotations

import re
import select
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Final, Self

HERE: Final = Path(__file__).parent / "imapflow"
START_SECONDS: Final = 30.0
INSTALL_SECONDS: Final = 300.0
_OLDEST_NODE: Final = 20
_LOCK: Final = HERE / "package-lock.json"
_INSTALLED: Final = HERE / "node_modules" / ".installed"


class NotHere(Exception):
    """Why imapflow can't be measured on this machine."""


def install() -> None:
    """Once, and again when the lock has changed. Raises NotHere."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NotHere("Node and npm are not installed")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    found = re.match(r"v(\d+)\.", version)
    if found is None or int(found[1]) < _OLDEST_NODE:
        raise NotHere(f"it needs Node {_OLDEST_NODE}, and {version or 'none that works'} is installed")
    if not _INSTALLED.is_file() or _INSTALLED.read_bytes() != _LOCK.read_bytes():
        _install(npm)
        shutil.copyfile(_LOCK, _INSTALLED)


def _install(npm: str) -> None:
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]
    try:
        done = subprocess.run(
            command,
            cwd=HERE,
            capture_output=True,
            text=True,
            check=False,
            timeout=INSTALL_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise NotHere(f"npm ci took longer than {INSTALL_SECONDS:.0f} s") from None
    if done.returncode:
        raise NotHere(f"npm ci failed: {(done.stderr.strip().splitlines() or ['without a word'])[0]}")


class ImapflowProcess:
    """Ended with its block. Entering it raises NotHere where there is none."""

    def __init__(self, host: str, port: int, ca_file: Path) -> None:
        self._arguments = [host, str(port), str(ca_file)]
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        install()
        process = subprocess.Popen(
            ["node", "server.mjs", *self._arguments],
            cwd=HERE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._process = process
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
        port = process.stdout.readline().strip() if ready else ""
        if not port:
            self._end()
            raise NotHere("its server did not start")
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
