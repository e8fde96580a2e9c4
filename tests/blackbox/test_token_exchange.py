"""Token exchange end to end (RFC 8693): a certified OpenID provider gives one token for another.

Dovecot checks signed tokens by the provider's keys, and asks nobody about opaque ones: those open it only exchanged.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.servers import openid_provider
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_config import DovecotOptions, OAuth
from tests.servers.openid_provider import OpenIdProvider
from tests.servers.tokens import TokenIssuer

from .events import EventReader
from .gateway_process import GatewayProcess, Upstream
from .mail import plain
from .test_openid_provider import AUDIENCE, FOLDERS, Client, ask

RESOURCE = "https://imap.example.test"
SECRETS = {"TEST_CLIENT": "gateway-secret", "TEST_EXCHANGE": "exchanger-secret"}


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    found = openid_provider.installed()
    if found is None:
        pytest.skip(openid_provider.MISSING)
    with OpenIdProvider(found, audience=AUDIENCE, typ="JWT") as provider:  # Dovecot 2.3 knows no at+jwt
        yield provider


@pytest.fixture(scope="module")
def mail(needs_dovecot: None, provider: OpenIdProvider) -> Iterator[Dovecot]:
    with Dovecot(DovecotOptions(oauth=OAuth(provider.pem, (provider.issuer,)))) as server:
        yield server


def gateway_of(
    provider: OpenIdProvider, mail: Dovecot, tokens: TokenIssuer, secret: str = "TEST_EXCHANGE"
) -> GatewayProcess:
    issuer = {
        "issuer": provider.issuer,
        "audience": AUDIENCE,
        "profile": "auth0",  # signed tokens of the type JWT, with a client
        "dpop": "allowed",
        "introspection": {"client_id": "gateway", "client_secret_env": "TEST_CLIENT"},
    }
    auth = {
        "method": "token_exchange",
        "resource": RESOURCE,
        "client_id": "exchanger",
        "client_secret_env": secret,
    }
    return GatewayProcess(
        Upstream("localhost", mail.tls_port, mail.ca_file, auth),
        tokens,
        settings={"server": {"public_url": AUDIENCE, "drain_seconds": 0.4}},
        environ=SECRETS,
        issuer=issuer,
    )


@pytest.fixture(scope="module")
def gateway(provider: OpenIdProvider, mail: Dovecot, tokens: TokenIssuer) -> Iterator[GatewayProcess]:
    with gateway_of(provider, mail, tokens) as gateway:
        yield gateway


def exchanges(gateway: GatewayProcess, outcome: str) -> float:
    text = gateway.metrics()
    name = f'imapgw_token_exchanges_total{{outcome="{outcome}"}}'
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))


@pytest.mark.parametrize("kind", ["signed", "opaque"])
def test_the_callers_token_is_exchanged_once_and_opens_the_mailbox_of_its_user(
    kind: str, provider: OpenIdProvider, gateway: GatewayProcess, mail: Dovecot
) -> None:
    for user in ("alice", "bob"):
        with mail.client(user) as imap:
            imap.create(f"of-{user}")
        before = exchanges(gateway, "ok")
        token = provider.sign_in(user, "signed" if kind == "signed" else "opaque")["access_token"]
        for _ in range(3):
            answer = ask(gateway, token)
            assert answer.status_code == 200, answer.text
            names = {folder["name"] for folder in answer.json()["folders"]}
            assert {name for name in names if name.startswith("of-")} == {f"of-{user}"}
        assert exchanges(gateway, "ok") == before + 1
        assert ask(gateway, token, "/v1/accounts").json()["accounts"][0]["address"] == f"{user}@example.org"


def test_a_token_that_is_bound_to_a_key_is_exchanged_too(provider: OpenIdProvider, gateway: GatewayProcess) -> None:
    client = Client()
    headers = {"DPoP": client.proof("POST", f"{provider.issuer}/token")}
    token = provider.sign_in("alice", "opaque", headers=headers)["access_token"]
    assert client.ask(gateway, token).status_code == 200


def test_who_may_have_none_is_told_so(provider: OpenIdProvider, gateway: GatewayProcess) -> None:
    token = provider.sign_in("mallory", "opaque")["access_token"]
    before = exchanges(gateway, "refused")
    for _ in range(3):
        answer = ask(gateway, token)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
        assert "invalid_target" in answer.json()["detail"]
    assert exchanges(gateway, "refused") == before + 1  # and not asked for again and again


def test_a_token_that_was_revoked_meanwhile_is_not_exchanged(
    provider: OpenIdProvider, gateway: GatewayProcess, tmp_path: Path
) -> None:
    """The gateway believes its introspection for a while; the provider knows better."""
    token = provider.sign_in("bob", "opaque")["access_token"]
    assert ask(gateway, token, "/v1/accounts/none/folders").status_code == 404  # known, and exchanged
    other = provider.sign_in("bob", "opaque")["access_token"]
    provider.revoke(other, "opaque")
    answer = ask(gateway, other)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_while_the_provider_is_down_known_tokens_are_served_and_new_ones_wait(
    provider: OpenIdProvider, gateway: GatewayProcess
) -> None:
    known, new = (provider.sign_in("alice", "signed")["access_token"] for _ in range(2))
    assert ask(gateway, known).status_code == 200
    provider.stop()
    try:
        assert ask(gateway, known).status_code == 200
        answer = ask(gateway, new)
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
        assert "retry-after" in answer.headers
    finally:
        provider.start()
    assert ask(gateway, new).status_code == 200


async def test_a_stream_lives_through_many_tokens(provider: OpenIdProvider, mail: Dovecot, tokens: TokenIssuer) -> None:
    """Each is good for five seconds; the caller's own outlives them."""
    headers = {"Authorization": f"Bearer {provider.sign_in('carol', 'signed')['access_token']}"}
    with short_lived(provider, 5), gateway_of(provider, mail, tokens) as gateway:
        await followed(gateway, headers, renewals=4)
        assert exchanges(gateway, "failed") == 0


@contextmanager
def short_lived(provider: OpenIdProvider, seconds: int) -> Iterator[None]:
    """What it exchanges meanwhile lives so long."""
    usual, provider.lifetime = provider.lifetime, seconds
    provider.restart("keep")
    try:
        yield
    finally:
        provider.lifetime = usual
        provider.restart("keep")


async def followed(gateway: GatewayProcess, headers: dict[str, str], renewals: int) -> None:
    """A letter a second, each told of, until so many tokens were used."""
    kind, place = {"Content-Type": "message/rfc822"}, "/v1/accounts/me/folders/inbox/messages"
    async with (
        asyncio.timeout(90),
        httpx.AsyncClient(base_url=gateway.url, headers=headers, timeout=30, trust_env=False) as client,
        client.stream("GET", "/v1/accounts/me/events") as answer,
    ):
        events = EventReader(answer.aiter_lines())
        await events.until("hello")
        number = 0
        while exchanges(gateway, "ok") < renewals:
            number += 1
            letter = plain(number, subject=f"letter {number}")
            assert (await client.post(place, content=letter, headers=kind)).status_code == 201
            event = await events.next(20)
            assert event.kind == "changes", event
            assert [message["subject"] for message in event.data["created"]] == [f"letter {number}"]
            await asyncio.sleep(1)  # as letters come, over several lives of a token


def test_a_gateway_that_the_provider_does_not_know(
    provider: OpenIdProvider, mail: Dovecot, tokens: TokenIssuer
) -> None:
    """That is no fault of the caller's."""
    with gateway_of(provider, mail, tokens, secret="TEST_CLIENT") as gateway:
        answer = ask(gateway, provider.sign_in("alice", "signed")["access_token"])
        assert answer.status_code == 503
        assert "gateway-secret" not in gateway.log.read_text()
        assert "invalid_client" in gateway.log.read_text()


def test_the_check_exchanges_as_well(gateway: GatewayProcess, provider: OpenIdProvider, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(provider.sign_in("alice", "opaque")["access_token"])
    command = [sys.executable, "-m", "gateway", "check", "--config", str(gateway.config), "--token-file", str(token)]
    good = subprocess.run(
        command, env={**os.environ, **SECRETS}, capture_output=True, text=True, timeout=60, check=False
    )
    assert good.returncode == 0, good.stdout + good.stderr
    assert "INBOX has" in good.stdout
    environ = {**os.environ, **SECRETS, "TEST_EXCHANGE": "another-secret"}
    bad = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert bad.returncode == 1
    assert "another-secret" not in bad.stdout + bad.stderr


def test_nothing_of_a_token_is_in_the_log(provider: OpenIdProvider, gateway: GatewayProcess) -> None:
    token = provider.sign_in("alice", "signed")["access_token"]
    assert ask(gateway, token, FOLDERS).status_code == 200
    log = gateway.log.read_text()
    assert token.split(".")[1] not in log
    assert "exchanger-secret" not in log


def test_keys_are_rotated_and_withdrawn_while_tokens_are_exchanged(
    provider: OpenIdProvider, mail: Dovecot, tokens: TokenIssuer
) -> None:
    """The last one. Two gateways: an unknown key is looked for once in 30 seconds only.

    A token that Dovecot is shown is signed by the same keys, and Dovecot looks them up by itself.
    """
    used, kept = (provider.sign_in("alice", "signed")["access_token"] for _ in range(2))
    with gateway_of(provider, mail, tokens) as gateway:
        assert ask(gateway, used).status_code == 200
        provider.restart("rotate")
        new = provider.sign_in("bob", "signed")["access_token"]
        for token in (new, used, kept):
            assert ask(gateway, token).status_code == 200
        assert exchanges(gateway, "ok") == 3
    with gateway_of(provider, mail, tokens) as gateway:
        assert ask(gateway, new).status_code == 200
        provider.restart("forget")
        assert ask(gateway, provider.sign_in("carol", "signed")["access_token"]).status_code == 200
        for withdrawn in (used, kept, new):
            answer = ask(gateway, withdrawn)
            assert answer.status_code == 401
            assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert exchanges(gateway, "ok") == 2
