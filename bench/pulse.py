"""How long the gateway's event loop lets others wait: something small is asked for again and again."""

from __future__ import annotations

import threading
import time
from http.client import HTTPConnection
from types import TracebackType
from typing import Final, Self

PAUSE: Final = 0.003


class Pulse:
    """Asks for ``/healthz`` in a thread of its own, on one connection, as long as its block lasts."""

    def __init__(self, management_port: int) -> None:
        self._port = management_port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._worst = 0.0
        self._asked = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def worst(self) -> float:
        """Seconds that the slowest answer took since this was asked last, one that is still missing among them."""
        missing = time.perf_counter() - self._asked if self._asked else 0.0
        worst, self._worst = max(self._worst, missing), 0.0
        return worst

    def _ask(self) -> None:
        http = HTTPConnection("127.0.0.1", self._port, timeout=30)
        while not self._stop.is_set():
            self._asked = began = time.perf_counter()
            http.request("GET", "/healthz")
            http.getresponse().read()
            self._asked = 0.0
            self._worst = max(self._worst, time.perf_counter() - began)
            self._stop.wait(PAUSE)
        http.close()
