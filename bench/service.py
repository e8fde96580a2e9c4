"""One kept HTTP connection, with the caller's headers on each request; made anew where the service has ended it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection, RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

from bench.work import WrongAnswer


class Service:
    """Paths are what comes after ``base``, which comes after the path of ``url``."""

    def __init__(self, url: str, headers: Mapping[str, str], base: str = "") -> None:
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._http = kind(parts.hostname or "localhost", parts.port, timeout=60)
        self._base = parts.path.rstrip("/") + base
        self._headers = dict(headers)

    def close(self) -> None:
        self._http.close()

    def json(self, method: str, path: str, value: object = None) -> Any:
        """What is answered to ``value``, sent as JSON; None sends nothing. Raises WrongAnswer."""
        return json.loads(self.ask(method, path, value))

    def ask(self, method: str, path: str, value: object = None) -> bytes:
        """Raises WrongAnswer where the answer is not of status 200."""
        body = None if value is None else json.dumps(value).encode()
        kind = {} if value is None else {"Content-Type": "application/json"}
        return self.exchange(method, path, body, kind, expected=200)[1]

    def exchange(
        self, method: str, path: str, body: bytes | None, extra: Mapping[str, str], *, expected: int
    ) -> tuple[HTTPResponse, bytes]:
        """The answer and its whole body. Raises WrongAnswer where its status is another than ``expected``."""
        headers = {**self._headers, **extra}
        try:
            answer = self._send(method, path, body, headers)
        except (RemoteDisconnected, ConnectionResetError, BrokenPipeError):  # it was idle for too long
            self._http.close()
            answer = self._send(method, path, body, headers)
        octets = answer.read()
        if answer.status != expected:
            raise WrongAnswer(f"{method} {path.partition('?')[0]} was answered {answer.status}: {octets[:200]!r}")
        return answer, octets

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> HTTPResponse:
        self._http.request(method, self._base + path, body, headers)
        return self._http.getresponse()
