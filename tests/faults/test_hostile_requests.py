"""Requests and messages made to harm: oversized, too deep, badly named, asked for by the wrong one."""

from __future__ import annotations

import asyncio
import time
from email.message import EmailMessage
from email.policy import SMTP

import httpx
import pytest

from tests.blackbox.mail import plain, stored
from tests.servers.dovecot import Dovecot
from tests.servers.faultproxy import FaultProxy
from tests.servers.tokens import TokenIssuer

from .gateway_here import GatewayHere, endpoint, gateway_before

GIGABYTE = 1 << 30
NAMES = ("a\r\nX-Injected: yes", "../../etc/passwd", 'a"; filename=b.exe', "\u202egpj.exe", "CON", "", "a" * 5000)


@pytest.mark.parametrize("token", ["good", "none", "forged"])
@pytest.mark.parametrize(
    ("path", "kind"), [("/folders", "application/json"), ("/folders/inbox/messages", "message/rfc822")]
)
async def test_a_gigabyte_in_chunks_is_refused_early(
    proxy: FaultProxy, tokens: TokenIssuer, user: str, token: str, path: str, kind: str
) -> None:
    """However it is sent: the gateway answers and closes long before the end."""
    limits = {"message_bytes": 4 << 20}
    async with gateway_before(endpoint(proxy.port), tokens, limits=limits) as gateway:
        good = gateway.authorization(user)["Authorization"]
        bearer = {"good": good, "none": "", "forged": good[:-8] + "AAAAAAAA"}[token]
        status, sent = await pour(gateway, path, kind, bearer)
        assert status in (401, 413)
        assert sent < 64 << 20
        assert not tokens_reached(proxy)


def tokens_reached(proxy: FaultProxy) -> bool:
    """Whether the mail server was asked anything for such a request."""
    return proxy.total > 0


async def pour(gateway: GatewayHere, path: str, kind: str, bearer: str) -> tuple[int, int]:
    """Send without end until the other side closes: the status of its answer, and how much it took."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    lines = [f"POST /v1/accounts/me{path} HTTP/1.1", "Host: localhost", f"Content-Type: {kind}"]
    lines += ["Transfer-Encoding: chunked", *([f"Authorization: {bearer}"] if bearer else []), "", ""]
    writer.write("\r\n".join(lines).encode())
    answer = asyncio.create_task(reader.readline())
    piece = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    sent = 0
    try:
        async with asyncio.timeout(20):
            while sent < GIGABYTE and not reader.at_eof():
                writer.write(piece)
                await writer.drain()
                sent += 65_536
    except (ConnectionError, OSError):
        pass
    async with asyncio.timeout(5):
        try:
            line = await answer
        except ConnectionError:
            line = b""
    writer.transport.abort()
    return int(line.split()[1]) if line else 413, sent


@pytest.mark.parametrize("unit", [b"[", b'{"a":', b'[{"add":'])
async def test_json_of_depth_100000_is_refused_in_no_time(
    proxy: FaultProxy, tokens: TokenIssuer, user: str, unit: bytes
) -> None:
    async with gateway_before(endpoint(proxy.port), tokens) as gateway, gateway.client(user) as client:
        headers = {"Content-Type": "application/json"}
        for path in ("/folders", "/folders/inbox/flags", "/folders/inbox/move"):
            began = time.monotonic()
            answer = await client.post(path, content=unit * 100_000, headers=headers)
            assert answer.status_code == 400, answer.text
            assert time.monotonic() - began < 1
        assert proxy.total == 0


async def test_huge_search_terms_are_refused_before_the_mail_server_hears_them(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    async with gateway_before(endpoint(proxy.port), tokens) as gateway, gateway.client(user) as client:
        for size in (9_000, 60_000):
            answer = await client.get("/folders/inbox/messages", params={"text": "x" * size})
            assert answer.status_code in (400, 414, 431), answer.status_code
        body = {"filter": {"text": "x" * 500_000}, "add": ["$seen"]}
        assert (await client.post("/folders/inbox/flags", json=body)).status_code == 400
        assert (await client.get("/folders/inbox")).status_code == 200


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:20])
async def test_attachment_names_and_types_are_harmless(
    proxy: FaultProxy, dovecot: Dovecot, tokens: TokenIssuer, user: str, name: str
) -> None:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "names"
    message.set_content("x\n")
    for kind, text in (("html", "<script>alert(1)</script>"), ("svg+xml", "<svg onload='alert(1)'/>")):
        main = "text" if kind == "html" else "image"
        message.add_attachment(text.encode(), maintype=main, subtype=kind, filename="placeholder")
    encoded = "".join(f"%{octet:02X}" for octet in name.encode())
    raw = message.as_bytes().replace(b'filename="placeholder"', b"filename*=utf-8''" + encoded.encode())
    async with gateway_before(endpoint(proxy.port), tokens) as gateway, gateway.client(user) as client:
        made = await stored(client, raw)
        for part in ("2", "3"):
            answer = await client.get(f"/messages/{made}/parts/{part}")
            assert answer.status_code == 200, answer.text
            check_harmless(answer)


def check_harmless(answer: httpx.Response) -> None:
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert headers["content-disposition"].startswith("attachment")
    assert "x-injected" not in headers
    assert not any(bad in headers["content-disposition"] for bad in ("\r", "\n", "/", "\\", "\u202e"))
    assert not headers["content-type"].startswith(("text/html", "image/svg"))


async def test_caches_keep_users_apart(proxy: FaultProxy, dovecot: Dovecot, tokens: TokenIssuer, user: str) -> None:
    """The same URL for two users: each answer is its owner's alone, and says so to every cache on the way."""
    other = dovecot.guest()[0]
    async with (
        gateway_before(endpoint(proxy.port), tokens) as gateway,
        gateway.client(user) as first,
        gateway.client(other) as second,
    ):
        ids = {await stored(client, plain(1, subject=of)) for client, of in ((first, user), (second, other))}
        for path in ("/folders", "/folders/inbox", "/folders/inbox/messages", *(f"/messages/{made}" for made in ids)):
            one, two = await first.get(path), await second.get(path)
            for answer in (one, two):
                caching = answer.headers["cache-control"]
                assert "private" in caching or "no-store" in caching
                assert "public" not in caching
                if answer.status_code == 200 and "no-store" not in caching:
                    assert "authorization" in answer.headers["vary"].lower()
            assert other not in one.text
            assert user not in two.text
        theirs = (await second.get("/folders/inbox/messages")).headers["etag"]
        mine = await first.get("/folders/inbox/messages", headers={"If-None-Match": theirs})
        assert mine.status_code == 200
        assert mine.json()["messages"][0]["subject"] == user
