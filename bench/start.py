"""How long a gateway takes to its first answer, and how much of that is importing its modules."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from bench.streams_report import StreamFigure
from bench.work import WrongAnswer
from tests.blackbox.gateway_process import GatewayProcess

PATIENCE: Final = 60.0
ROOT: Final = Path(__file__).parents[1]
_DEVELOPMENT: Final = ("rich", "pygments")
"""httpx and structlog load them where they are; the image and a plain installation have none."""
_REQUEST: Final = b"GET /v1/accounts/me HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"


def start_figures(gateway: GatewayProcess, times: int) -> list[StreamFigure]:
    """``gateway`` has not been started. Compiled modules are kept from the first time on, which is not counted."""
    first_answer(gateway)
    import_cpu("gateway.app")
    answers = tuple(first_answer(gateway) for _ in range(times))
    bare = min(import_cpu("sys") for _ in range(times))
    imports = tuple(import_cpu("gateway.app") - bare for _ in range(times))
    return [
        StreamFigure("start", "seconds to the first answer", answers, 1.0),
        StreamFigure("start", "CPU seconds of importing gateway.app", imports, 0.4),
    ]


def first_answer(gateway: GatewayProcess) -> float:
    """Seconds from the command to the answer to a request that brings no token."""
    began = time.perf_counter()
    with gateway.log.open("ab") as log:
        process = subprocess.Popen(
            [*gateway.command, "serve", "--config", str(gateway.config)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=_environment(),
        )
    try:
        with _connected(gateway.port, process) as sock:
            sock.sendall(_REQUEST)
            answer = sock.recv(64)
        took = time.perf_counter() - began
    finally:
        process.kill()
        process.wait()
    if not answer.startswith(b"HTTP/1.1 401 "):
        raise WrongAnswer(answer.decode(errors="replace"))
    return took


def import_cpu(module: str) -> float:
    """Seconds of processor that a Python needs to start and import it, without what only a development has."""
    code = f"import sys; sys.modules.update(dict.fromkeys({_DEVELOPMENT!r})); import {module}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env=_environment())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _connected(port: int, process: subprocess.Popen[bytes]) -> socket.socket:
    """As soon as it listens: what is sent then waits in the queue until it serves."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        except ConnectionRefusedError:
            time.sleep(0.005)
    raise WrongAnswer("the gateway did not start")
