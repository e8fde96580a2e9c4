from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path

# starts a "server" that holds the given pipe open, and dies without a word
_VANISHING = """
import os, signal, subprocess, sys
from pathlib import Path
from tests.servers.orphan import Watchdog
server = subprocess.Popen(["sleep", "60"], pass_fds=[int(sys.argv[1])], start_new_session=True)
Watchdog(server.pid, Path(sys.argv[2]))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_server_does_not_outlive_a_killed_test_run(tmp_path: Path) -> None:
    directory = tmp_path / "server"
    directory.mkdir()
    ends, held = os.pipe()
    subprocess.run([sys.executable, "-c", _VANISHING, str(held), str(directory)], pass_fds=[held], check=False)
    os.close(held)
    readable, _, _ = select.select([ends], [], [], 10)
    assert readable, "the server still holds the pipe"
    assert os.read(ends, 1) == b""
    os.close(ends)
