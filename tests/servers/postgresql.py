"""A real PostgreSQL on a unix socket of its own, started as an unprivileged user and thrown away after."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .orphan import Watchdog

MISSING = "PostgreSQL is not installed: tests on a real one are skipped (Debian: scripts/system-packages)"


def binaries() -> Path | None:
    """Where the newest version's programs are; None where there are none, or nobody to run them as."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found and _user() is not None else None


class Postgresql:
    """One server. Only who may enter its directory can connect, and is trusted then."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._numbers = count(1)
        self.root = Path(tempfile.mkdtemp(prefix="gw-pg."))
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: Watchdog | None = None

    def __enter__(self) -> Self:
        if os.getuid() == 0:
            owner = _user()
            assert owner is not None
            os.chown(self.root, owner.pw_uid, owner.pw_gid)
        self._run("initdb", "-D", str(self.root / "data"), "-U", "gateway", "--auth=trust", "--no-sync", "-E", "UTF8")
        options = ("-c", "listen_addresses=", "-c", f"unix_socket_directories={self.root}", "-c", "fsync=off")
        with (self.root / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.root / "data", *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
                **_identity(),
            )
        self._watchdog = Watchdog(self._process.pid, self.root)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._run("pg_isready", "-h", str(self.root), check=False) == 0:
                return self
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start:\n{(self.root / 'log').read_text()}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process, self._process = self._process, None
        if self._watchdog is not None:
            self._watchdog.dismiss()
        if process is not None:
            process.send_signal(signal.SIGQUIT)  # at once, its children with it
            process.wait(10)
        shutil.rmtree(self.root, ignore_errors=True)

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"t{next(self._numbers)}"
        self._run("createdb", "-h", str(self.root), "-U", "gateway", name)
        return f"postgresql+psycopg://gateway@/{name}?host={self.root}"

    def dump(self, url: str) -> str:
        """All of a database as text."""
        name = url.partition("@/")[2].partition("?")[0]
        command = [str(self._programs / "pg_dump"), "-h", str(self.root), "-U", "gateway", name]
        done = subprocess.run(command, check=True, capture_output=True, timeout=60, cwd="/", **_identity())
        return bytes(done.stdout).decode()

    def _run(self, program: str, *arguments: str, check: bool = True) -> int:
        command = [str(self._programs / program), *arguments]
        done = subprocess.run(command, check=check, capture_output=True, timeout=60, cwd="/", **_identity())
        return done.returncode


def _user() -> pwd.struct_passwd | None:
    """Who runs it: root may not."""
    try:
        return pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    except KeyError:
        return None


def _identity() -> dict[str, Any]:
    owner = _user()
    if os.getuid() != 0 or owner is None:
        return {}
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
