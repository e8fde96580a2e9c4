"""The client side of thousands of streams, as the measurement holds it: a process that takes orders."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.work import WrongAnswer

ROOT = Path(__file__).parents[1]


class CrowdProcess:
    """Ended with its block, its streams with it. Methods raise WrongAnswer where a stream was refused or not told."""

    def __init__(self, port: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.crowd", "127.0.0.1", str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def join(self, headers: Sequence[Mapping[str, str]]) -> float:
        """Open a stream by each; the seconds until all had their `hello`."""
        return float(self._ask({"join": headers}))

    def hear(self, word: str) -> float:
        """When the last of all streams was sent this word, by ``time.monotonic``."""
        return float(self._ask({"hear": word}))

    def _ask(self, order: Mapping[str, Any]) -> Any:
        if self._process.stdin is None or self._process.stdout is None:
            raise WrongAnswer("the crowd has no pipes")
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise WrongAnswer("the crowd broke up: a stream was refused, or not told")
        return json.loads(answer)
