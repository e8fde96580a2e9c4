"""The server restarts or hangs up in the middle of a command."""

from __future__ import annotations

import asyncio
import re
import time

from tests.blackbox.mail import ids, plain, stored, with_attachment
from tests.conftest import DovecotFactory
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_config import DovecotOptions, OAuth
from tests.servers.faultproxy import FaultProxy
from tests.servers.tokens import TokenIssuer

from .gateway_here import QUICK, endpoint, gateway_before


def dying_at(proxy: FaultProxy, pattern: bytes, *, times: int = 1, said: bytes = b"") -> list[int]:
    """Hang up when ``pattern`` is asked for, ``times`` times, after saying ``said``; the count of hang-ups grows."""
    done: list[int] = []

    def rewrite(piece: bytes) -> bytes:
        if len(done) < times and re.search(pattern, piece):
            done.append(proxy.total)
            if said:
                proxy.inject(said)
            proxy.reset_all() if not said else proxy.cut_all()
            return b""
        return piece

    proxy.up.rewrite(rewrite)
    return done


async def test_a_read_cut_off_is_made_again_on_a_new_connection(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    async with gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway, gateway.client(user) as client:
        made = await stored(client, plain(1))
        for said in (b"", b"* BYE restarting\r\n"):
            cuts = dying_at(proxy, rb"FETCH", said=said)
            before = proxy.total
            answer = await client.get(f"/messages/{made}")
            assert (answer.status_code, answer.json()["subject"]) == (200, "message 1"), answer.text
            assert len(cuts) == 1
            assert proxy.total == before + 1


async def test_a_read_is_made_again_once_and_no_more(proxy: FaultProxy, tokens: TokenIssuer, user: str) -> None:
    async with gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway, gateway.client(user) as client:
        made = await stored(client, plain(1))
        cuts = dying_at(proxy, rb"FETCH", times=99, said=b"* BYE shutting down\r\n")
        answer = await client.get(f"/messages/{made}")
        assert (answer.status_code, answer.json()["type"]) == (502, "/problems/upstream-lost")
        assert answer.json()["retryable"] is True
        assert len(cuts) == 2


async def test_a_write_cut_off_is_in_doubt_and_never_repeated(
    proxy: FaultProxy, tokens: TokenIssuer, user: str, dovecot: Dovecot
) -> None:
    async with gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway, gateway.client(user) as client:
        made = await stored(client, plain(1))
        for verb, pattern, path, body in (
            ("POST", rb"COPY", f"/messages/{made}/copy", {"folder": "archive"}),
            ("POST", rb"MOVE", f"/messages/{made}/move", {"folder": "archive"}),
            ("PATCH", rb"STORE", f"/messages/{made}/flags", {"add": ["$flagged"]}),
            ("POST", rb"CREATE", "/folders", {"name": "In doubt"}),
        ):
            cuts = dying_at(proxy, pattern, times=99)
            answer = await client.request(verb, path, json=body)
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/write-in-doubt"), (verb, answer.text)
            assert "retry-after" in answer.headers
            assert len(cuts) == 1, pattern
            proxy.up.clear()
        assert await ids(client) == [made]
        assert await ids(client, "archive") == []
        assert (await client.get(f"/messages/{made}/flags")).json()["flags"] == []


async def test_a_message_being_stored_when_the_connection_ends_is_in_doubt(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    async with gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway, gateway.client(user) as client:
        await client.get("/folders/inbox")
        cuts = dying_at(proxy, rb"APPEND", times=99)
        headers = {"Content-Type": "message/rfc822"}
        answer = await client.post("/folders/inbox/messages", content=plain(1), headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/write-in-doubt"), answer.text
        assert len(cuts) == 1


async def test_a_write_that_was_carried_out_is_told_as_in_doubt_not_as_failed(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    async with gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway, gateway.client(user) as client:
        made = await stored(client, plain(1))
        await client.get("/folders/archive")

        def lose_the_answer(piece: bytes) -> bytes:
            if b"COPYUID" in piece:
                proxy.reset_all()
                return b""
            return piece

        proxy.down.rewrite(lose_the_answer)
        answer = await client.post(f"/messages/{made}/copy", json={"folder": "archive"})
        proxy.down.clear()
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/write-in-doubt"), answer.text
        assert len(await ids(client, "archive")) == 1


async def test_a_download_cut_off_in_the_middle_goes_on_where_it_was(
    proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    message = with_attachment(bytes(range(256)) * 12_000)
    async with gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway, gateway.client(user) as client:
        made = await stored(client, message)
        await client.get(f"/messages/{made}")
        before = proxy.total
        proxy.down.after(1_000_000).cut()
        async with client.stream("GET", f"/messages/{made}/raw") as answer:
            got = bytearray()
            async for piece in answer.aiter_bytes():
                got += piece
                if proxy.total > before or len(got) > 500_000:
                    proxy.down.clear()
        assert bytes(got) == message


async def test_pending_requests_fail_or_recover_at_once_when_the_server_restarts(
    dovecot_factory: DovecotFactory, tokens: TokenIssuer
) -> None:
    """Fifty reads are running as the server gets SIGTERM: each is answered at once, and after the start all work."""
    server = dovecot_factory(DovecotOptions(oauth=OAuth(tokens.dovecot_keys, (tokens.issuer,))))
    async with (
        FaultProxy(server.host, server.port) as proxy,
        gateway_before(endpoint(proxy.port), tokens, limits=QUICK) as gateway,
        gateway.client("alice") as client,
    ):
        made = await stored(client, plain(1))
        proxy.down.hold()
        crowd = [asyncio.create_task(client.get(f"/messages/{made}")) for _ in range(50)]
        await proxy.up.wait_passed(proxy.up.passed + 1)
        await asyncio.to_thread(server.kick, "alice@example.org")
        await asyncio.to_thread(server.stop)
        began = time.monotonic()
        proxy.down.release()
        statuses = {answer.status_code for answer in await asyncio.gather(*crowd)}
        assert time.monotonic() - began < 5
        assert statuses <= {200, 502, 503}
        await asyncio.to_thread(server.start)
        proxy.redirect(server.host, server.port)
        async with asyncio.timeout(10):
            while (answer := await client.get(f"/messages/{made}")).status_code != 200:
                assert answer.status_code in (502, 503)
                assert float(answer.headers["retry-after"]) < 10
                await asyncio.sleep(0.1)  # as a client would; the back-off is the gateway's own clock
