"""How long a gateway's event loop stands still, seen from outside."""

from __future__ import annotations

import http.client
import threading
import time
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

BAR = 0.05
"""Seconds that a loop may stand still, on a machine that counts to ``_COUNT`` in as many."""
_COUNT = 2_400_000


def bar() -> float:
    """``BAR`` on this machine as it is now: a slower one has more time, a faster one no less."""
    return max(BAR, min(_counted() for _ in range(5)))


def _counted() -> float:
    began = time.perf_counter()
    for _ in range(_COUNT):
        pass
    return time.perf_counter() - began


class Lag:
    """Asks for the health of a process over and over, in a thread: a blocked loop answers late.

    ``begin()`` starts a measurement, of which the worst moment counts; ``best`` is that of the quietest one, for what
    others do on this machine is not the gateway's.
    """

    def __init__(self, management_url: str) -> None:
        self._address = urlsplit(management_url).netloc
        self._worst: list[float] = []
        self._stop = threading.Event()
        self._asked = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def begin(self) -> None:
        self._worst.append(0.0)

    @property
    def best(self) -> float:
        """Seconds."""
        return min(self._worst)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._asked.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(30)

    def _ask(self) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=30)
        while not self._stop.wait(0.002):
            began = time.monotonic()
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            self._asked.set()
            if self._worst:
                self._worst[-1] = max(self._worst[-1], time.monotonic() - began)
        connection.close()
