"""Loopback servers for the browser: pages as the API serves them, and the place where a leak would arrive."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_STAGE = Path(__file__).with_name("stage.html")
OWN = "/own.png"
_USUAL = {"/", "/paths", "/favicon.ico", OWN}


@dataclass(frozen=True)
class Shown:
    """One page with its headers."""

    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Elsewhere(socketserver.ThreadingTCPServer):
    """All other hosts of the world: what arrives is kept, and not answered."""

    daemon_threads = True

    def __init__(self) -> None:
        self.received: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Listen)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Listen(socketserver.BaseRequestHandler):
    server: Elsewhere

    def handle(self) -> None:
        request: socket.socket = self.request
        request.settimeout(2)
        try:
            got = request.recv(4096)
        except OSError:
            got = b"(nothing)"
        self.server.received.append(got)


class Stage(ThreadingHTTPServer):
    """``strange``: what was asked of this host beside the pages. ``report``: what the browser tells, once it has."""

    daemon_threads = True

    def __init__(self, pages: Mapping[str, Shown]) -> None:
        self.pages = pages
        self.strange: list[str] = []
        self.report: dict[str, Any] | None = None
        self.told = threading.Event()
        super().__init__(("127.0.0.1", 0), _Answer)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Answer(BaseHTTPRequestHandler):
    server: Stage

    def do_GET(self) -> None:
        stage = self.server
        if self.path == "/":
            self._send(_STAGE.read_bytes(), {"Content-Type": "text/html; charset=utf-8"})
        elif self.path == "/paths":
            self._send(json.dumps(list(stage.pages)).encode(), {"Content-Type": "application/json"})
        elif self.path in stage.pages:
            shown = stage.pages[self.path]
            self._send(shown.content, {"Content-Type": "text/html; charset=utf-8", **shown.headers})
        else:
            if self.path not in _USUAL:
                stage.strange.append(f"{self.path} for {self.headers.get('Referer', '?')}")
            self._send(b"", {"Content-Type": "image/png"})

    def do_POST(self) -> None:
        octets = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/report":
            self.server.report = json.loads(octets)
            self.server.told.set()
        else:
            self.server.strange.append(f"POST {self.path}")
        self._send(b"", {})

    def _send(self, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


class Served:
    """Both servers, each in a thread of its own."""

    def __init__(self, pages: Mapping[str, Shown]) -> None:
        self.stage, self.elsewhere = Stage(pages), Elsewhere()
        self._threads = [threading.Thread(target=each.serve_forever, args=(0.05,)) for each in self._servers]

    @property
    def _servers(self) -> tuple[socketserver.TCPServer, socketserver.TCPServer]:
        return self.stage, self.elsewhere

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()
