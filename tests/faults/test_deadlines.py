"""Each step of reaching the mail server has a deadline of its own, and the answer is 504."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.blackbox.mail import plain, stored
from tests.servers.dovecot import Dovecot
from tests.servers.faultproxy import FaultProxy
from tests.servers.tokens import TokenIssuer

from .gateway_here import endpoint, gateway_before

LONG = 30.0
SHORT = 0.4


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes a connection, and says nothing: no TLS, no greeting."""
    try:
        await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("step", "tls"), [("connect_seconds", "implicit"), ("greeting_seconds", "none"), ("greeting_seconds", "starttls")]
)
async def test_a_slow_connect_or_greeting_is_504(
    dovecot: Dovecot, tokens: TokenIssuer, user: str, step: str, tls: str
) -> None:
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    limits = {"connect_seconds": LONG, "greeting_seconds": LONG, "command_seconds": LONG, step: SHORT}
    imap = endpoint(port, tls=tls, ca_file=dovecot.ca_file)
    async with gateway_before(imap, tokens, limits=limits) as gateway, gateway.client(user) as client:
        began = time.monotonic()
        answer = await client.get("/folders/inbox")
        assert (answer.status_code, answer.json()["type"]) == (504, "/problems/upstream-timeout"), answer.text
        assert SHORT <= time.monotonic() - began < 5
    server.close()


async def test_a_slow_sign_in_is_504(proxy: FaultProxy, tokens: TokenIssuer, user: str) -> None:
    limits = {"connect_seconds": LONG, "greeting_seconds": LONG, "command_seconds": SHORT}
    async with gateway_before(endpoint(proxy.port), tokens, limits=limits) as gateway, gateway.client(user) as client:
        proxy.up.stall()
        answer = await client.get("/folders/inbox")
        assert (answer.status_code, answer.json()["type"]) == (504, "/problems/upstream-timeout"), answer.text


async def test_a_slow_command_is_504_and_the_next_request_works(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    limits = {"command_seconds": SHORT}
    async with gateway_before(endpoint(proxy.port), tokens, limits=limits) as gateway, gateway.client(user) as client:
        made = await stored(client, plain(1))
        proxy.down.hold()
        answer = await client.get(f"/messages/{made}")
        proxy.down.release()
        assert (answer.status_code, answer.json()["type"]) == (504, "/problems/upstream-timeout"), answer.text
        assert (await client.get(f"/messages/{made}")).status_code == 200


async def test_a_write_that_is_not_answered_is_in_doubt(proxy: FaultProxy, tokens: TokenIssuer, user: str) -> None:
    limits = {"command_seconds": SHORT}
    async with gateway_before(endpoint(proxy.port), tokens, limits=limits) as gateway, gateway.client(user) as client:
        await client.get("/folders/inbox")
        proxy.up.record()

        def hold(piece: bytes) -> bytes:
            if b"CREATE" in piece:
                proxy.down.hold()
            return piece

        proxy.up.rewrite(hold)
        answer = await client.post("/folders", json={"name": "Slowly made"})
        proxy.down.release()
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/write-in-doubt"), answer.text
        assert answer.json()["retryable"] is False
        assert proxy.up.seen.count(b"CREATE") == 1


async def test_a_server_that_is_slow_but_answers_is_waited_for(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    """The deadline is of silence: an answer that takes longer in all, but keeps coming, is no failure."""
    limits = {"command_seconds": 1.0}
    async with gateway_before(endpoint(proxy.port), tokens, limits=limits) as gateway, gateway.client(user) as client:
        message = plain(1, body="x" * 70 + "\n") + b"y" * 70_000
        made = await stored(client, message)
        await client.get(f"/messages/{made}")
        proxy.down.chop(4096).rate(48_000)
        began = time.monotonic()
        answer = await client.get(f"/messages/{made}/raw")
        proxy.down.clear()
        assert time.monotonic() - began > 1.0
        assert answer.content.replace(b"\r\n", b"\n").rstrip() == message.replace(b"\r\n", b"\n").rstrip()
