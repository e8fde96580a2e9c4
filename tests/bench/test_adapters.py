"""Any HTTP service by a small adapter: EmailEngine's API as it is documented, told by a scripted server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from bench.command import main
from bench.emailengine_api import EmailEngineApi
from bench.service import Service
from bench.work import Work, WrongAnswer

TOKEN = "token of the service"
FILE = bytes(300_000)
MESSAGES: list[dict[str, Any]] = [
    {"id": f"m{number}", "size": 1000 + number, "text": {"id": f"t{number}", "encodedSize": {"plain": 9}}}
    for number in range(5)
]
MESSAGES.append({"id": "big", "size": 420_000, "text": {"id": "tbig", "encodedSize": {"plain": 9}}})


class Handler(BaseHTTPRequestHandler):
    """Each connection is ended after ``patience`` requests, without a word, as after a time of idleness."""

    protocol_version = "HTTP/1.1"
    patience = 1000
    served = 0
    requests: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        base, _, rest = unquote(self.path).partition("/v1/account/someone@example.org")
        if self.headers["Authorization"] != f"Bearer {TOKEN}" or base:
            return self.reply(401, {"error": "who?"})
        kind, _, name = rest.strip("/").partition("/")
        if rest == "/messages?path=INBOX&pageSize=50":
            return self.reply(200, {"total": len(MESSAGES), "messages": MESSAGES})
        if kind == "message":
            file = {"id": "file", "encodedSize": 410_000, "contentType": "application/pdf"}
            return self.reply(200, {"id": name, "attachments": [file] if name == "big" else []})
        if kind == "text":
            return self.reply(200, {"plain": "a text", "hasMore": False})
        return self.reply(200, FILE) if rest == "/attachment/file" else self.reply(404, {"error": "what?"})

    def do_PUT(self) -> None:
        flags = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["flags"]
        self.requests.append(f"{self.path} {flags}")
        self.reply(200, {"flags": dict.fromkeys(flags, True)})

    def reply(self, status: int, value: object) -> None:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.served += 1
        self.close_connection = self.served >= self.patience

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Handler.requests.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def account(_: int) -> tuple[str, dict[str, str]]:
    return "someone@example.org", {"Authorization": f"Bearer {TOKEN}"}


def test_emailengine_does_what_it_has(url: str) -> None:
    client = EmailEngineApi(url, account).client(0)
    assert client.can == {Work.PAGE, Work.MESSAGE, Work.BODY, Work.PART, Work.FLAG}
    for work in client.can:
        client.do(work)
    client.do(Work.FLAG)
    client.close()
    path = "/v1/account/someone%40example.org/message/m4"
    assert Handler.requests == [f"{path} {{'add': ['\\\\Flagged']}}", f"{path} {{'delete': ['\\\\Flagged']}}"]


def test_a_refusal_is_a_wrong_answer(url: str) -> None:
    with pytest.raises(WrongAnswer, match="401"):
        EmailEngineApi(url, lambda _: ("someone@example.org", {"Authorization": "Bearer other"})).client(0)


def test_a_connection_that_was_ended_is_made_anew(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Handler, "patience", 1)
    service = Service(url, account(0)[1], "/v1/account/someone@example.org")
    for _ in range(3):
        assert service.json("GET", "/text/t1")["plain"] == "a text"
    service.close()


def test_the_command_measures_a_service_by_its_adapter(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    asked = ["--quick", "--against", url, "--adapter", "emailengine", "--token-file", str(token)]
    with pytest.raises(SystemExit):
        main(asked)
    assert "needs --account" in capsys.readouterr().err
    assert main([*asked, "--account", "someone@example.org"]) == 0
    table = capsys.readouterr().out
    assert "EmailEngine" in table
    assert Work.PART.value in table
    assert Work.FLAG.value not in table
    assert not Handler.requests
