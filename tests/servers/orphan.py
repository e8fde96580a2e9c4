"""Servers end with the tests that started them, even where those are killed."""

from __future__ import annotations

import subprocess
from pathlib import Path

_WATCH = """
cat >/dev/null              # ends as the pipe's other end does: with the test process
kill -TERM "-$1"
sleep 1
kill -KILL "-$1"
rm -rf "$2"
"""


class Watchdog:
    """Ends a server's process group, and removes its directory, should the test process vanish."""

    def __init__(self, group: int, directory: Path) -> None:
        self._process = subprocess.Popen(
            ["sh", "-c", _WATCH, "-", str(group), str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """The server was ended in order."""
        self._process.kill()
        self._process.communicate()
