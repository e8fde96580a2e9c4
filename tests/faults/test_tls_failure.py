"""TLS that can't be trusted: 502 with the reason, no downgrade, and few tries."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.conftest import DovecotFactory
from tests.servers.certificates import Authority
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_config import DovecotOptions, OAuth
from tests.servers.faultproxy import FaultProxy
from tests.servers.tokens import TokenIssuer

from .gateway_here import endpoint, gateway_before

STORM = 40
FEW = 6
"""Connections that so many requests in a row may cost while nothing changes: a back-off stands in between."""


async def storm(proxy: FaultProxy, port: int, tokens: TokenIssuer, user: str, tls: str, ca_file: Path) -> set[str]:
    """The kinds of problems that many requests get, in a row and at once; all of them 502 or 503."""
    imap = endpoint(port, tls=tls, ca_file=ca_file)
    async with gateway_before(imap, tokens) as gateway, gateway.client(user) as client:
        first = await client.get("/folders/inbox")
        assert first.status_code == 502, first.text
        answers = [await client.get("/folders/inbox") for _ in range(STORM // 2)]
        answers += await asyncio.gather(*(client.get("/folders/inbox") for _ in range(STORM // 2)))
    assert {answer.status_code for answer in answers} <= {502, 503}
    assert proxy.total <= FEW
    return {first.json()["detail"], *(answer.json()["type"] for answer in [first, *answers])}


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_an_expired_certificate_is_502_without_a_storm(
    dovecot_factory: DovecotFactory, tokens: TokenIssuer, tls: str
) -> None:
    options = DovecotOptions(expired_certificate=True, oauth=OAuth(tokens.dovecot_keys, (tokens.issuer,)))
    server = dovecot_factory(options)
    port = server.tls_port if tls == "implicit" else server.port
    async with FaultProxy(server.host, port) as proxy:
        said = await storm(proxy, proxy.port, tokens, "alice", tls, server.ca_file)
    assert "/problems/upstream-tls-failed" in said
    assert any("expired" in text for text in said)


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_an_unknown_authority_is_502_without_a_storm(
    dovecot: Dovecot, tokens: TokenIssuer, user: str, tls: str, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other")
    async with FaultProxy(dovecot.host, dovecot.tls_port if tls == "implicit" else dovecot.port) as proxy:
        said = await storm(proxy, proxy.port, tokens, user, tls, other.ca_file)
    assert "/problems/upstream-tls-failed" in said
    assert any("certificate" in text for text in said)


async def test_stripped_starttls_is_502_and_nothing_secret_is_said(
    dovecot: Dovecot, proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    proxy.down.rewrite(lambda piece: piece.replace(b" STARTTLS", b""))
    proxy.up.record()
    said = await storm(proxy, proxy.port, tokens, user, "starttls", dovecot.ca_file)
    assert "/problems/upstream-tls-required" in said
    assert b"AUTHENTICATE" not in proxy.up.seen
    assert b"LOGIN" not in proxy.up.seen.replace(b"LOGINDISABLED", b"")


async def test_refused_starttls_is_502_and_nothing_secret_is_said(
    dovecot: Dovecot, proxy: FaultProxy, tokens: TokenIssuer, user: str
) -> None:
    proxy.up.rewrite(lambda piece: piece.replace(b"STARTTLS", b"STARTXXX"))
    proxy.up.record()
    said = await storm(proxy, proxy.port, tokens, user, "starttls", dovecot.ca_file)
    assert "/problems/upstream-tls-required" in said
    assert b"AUTHENTICATE" not in proxy.up.seen


async def test_after_the_certificate_is_mended_it_works(dovecot: Dovecot, tokens: TokenIssuer, user: str) -> None:
    """The failure is remembered for as long as the back-off, not for ever."""
    async with FaultProxy(dovecot.host, dovecot.port) as proxy:  # a plain port: no TLS there
        imap = endpoint(proxy.port, tls="implicit", ca_file=dovecot.ca_file)
        async with gateway_before(imap, tokens) as gateway, gateway.client(user) as client:
            assert (await client.get("/folders/inbox")).status_code == 502
            proxy.redirect(dovecot.host, dovecot.tls_port)
            async with asyncio.timeout(10):
                while (await client.get("/folders/inbox")).status_code != 200:
                    await asyncio.sleep(0.1)  # as a client would; the back-off is the gateway's own clock
