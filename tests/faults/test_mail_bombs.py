"""Mail made to hurt who reads it, from the mail server's disk to the client's JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from tests.blackbox.gateway_process import GatewayProcess, Upstream
from tests.blackbox.mail import plain
from tests.servers.dovecot import Dovecot
from tests.servers.tokens import TokenIssuer

from .lag import BAR, Lag, bar

pytestmark = pytest.mark.alone
HEAD = b"From: Sender <sender@example.org>\r\nTo: reader@example.org\r\nSubject: bomb\r\nMIME-Version: 1.0\r\n"
PLAIN = HEAD + b"Content-Type: text/plain"
HTML = HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n"


def nested_parts(depth: int) -> bytes:
    opening = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level) for level in range(depth)
    )
    return HEAD + opening + b"Content-Type: text/plain\r\n\r\nthe core\r\n"


def nested_messages(depth: int) -> bytes:
    return HEAD + b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n" * depth + b"\r\nthe core\r\n"


def many_parts(count: int) -> bytes:
    parts = b"".join(b"--b\r\nContent-Type: text/plain; name=p%d.txt\r\n\r\nx\r\n" % number for number in range(count))
    return HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + b"--b--\r\n"


BOMBS = {
    "100,000 nested div": HTML + b"<div>" * 100_000,
    "100,000 nested table": HTML + b"<table><tr><td>" * 33_000,
    "unclosed formatting": HTML + b"<b><i><u><font color=red>" * 30_000 + b"<p>x" * 1000,
    "a million open angles": HTML + b"<" * 1_000_000,
    "one attribute of a megabyte": HTML + b'<a href="' + b"a" * 1_000_000 + b'">x</a>',
    "100,000 attributes": HTML + b"<p " + b"a=b " * 100_000 + b">x",
    "comments": HTML + b"<!--" * 200_000,
    "From of open brackets": b"From: " + b"(" * 300 + b"\r\nSubject: bomb\r\n\r\nx\r\n",
    "From of 136 KB": b"From: " + b"(" * 136_000 + b"\r\nSubject: bomb\r\n\r\nx\r\n",
    "20,000 recipients": b"To: " + b",\r\n ".join(b"r%d@example.org" % n for n in range(20_000)) + b"\r\n\r\nx",
    "a header of a megabyte": b"Subject: " + b"=?utf-8?q?a?=\r\n " * 60_000 + b"\r\n\r\nx\r\n",
    "1,000 nested parts": nested_parts(1000),
    "1,000 nested messages": nested_messages(1000),
    "5,000 parts": many_parts(5000),
    "parameters without end": PLAIN + b"".join(b";\r\n name*%d=x" % n for n in range(5000)) + b"\r\n\r\nx",
    "soft line ends": HEAD + b"Content-Transfer-Encoding:quoted-printable\r\n\r\n" + b"=\r\n" * 300_000,
    "base64 of junk": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"!@#$" * 250_000,
}  # fmt: skip
SLOWER = {"20,000 recipients": 3, "5,000 parts": 2}
"""Times the bar: a response is taken apart in one piece, half a megabyte of ENVELOPE or five thousand parts."""


@pytest.fixture(scope="module")
def reading(tokens: TokenIssuer, dovecot: Dovecot) -> Iterator[GatewayProcess]:
    upstream = Upstream("localhost", dovecot.tls_port, dovecot.ca_file, {"method": "pass_through"})
    with GatewayProcess(upstream, tokens) as gateway:
        yield gateway


@pytest.mark.parametrize("name", BOMBS)
async def test_bomb(reading: GatewayProcess, dovecot: Dovecot, user: str, name: str) -> None:
    """Its page, itself and its body are answered, and the event loop never stands still for 50 ms."""
    await asyncio.to_thread(deliver, dovecot, user, BOMBS[name], plain(1))
    async with reading.client(user) as client:
        with Lag(reading.management_url) as lag:
            for _ in range(6):  # the quietest counts: what others do on this machine is not ours
                lag.begin()
                await read_all(client)
                if lag.best < BAR:
                    break
        assert lag.best < bar() * SLOWER.get(name, 1)


async def read_all(client: httpx.AsyncClient) -> None:
    page = await client.get("/folders/inbox/messages")
    assert page.status_code == 200, page.text
    messages = page.json()["messages"]
    assert messages[0]["subject"] == "message 1"  # the bomb costs its neighbour nothing
    assert len(messages) == 2
    bomb = messages[1]["id"]
    for path in ("", "/body"):
        answer = await client.get(f"/messages/{bomb}{path}")
        assert answer.status_code == 200, (path, answer.text[:300])
        assert answer.elapsed.total_seconds() < 5
    shown = await client.get(f"/messages/{bomb}/body", headers={"Accept": "text/html"})
    assert shown.status_code == 200
    assert "<script" not in shown.text


def deliver(dovecot: Dovecot, user: str, *messages: bytes) -> None:
    client = dovecot.client(user)
    for message in messages:
        status, data = client.append("INBOX", "", "", message)
        assert status == "OK", data
    client.logout()
