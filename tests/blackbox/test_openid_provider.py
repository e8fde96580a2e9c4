"""End to end with a certified OpenID provider: its tokens, signed and opaque, through the gateway into a mailbox.

Dovecot checks the same tokens itself: signed ones by the provider's keys, opaque ones by asking the provider.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from tests.identity.forge import signed
from tests.identity.prover import public_jwk
from tests.servers import openid_provider
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_config import DovecotOptions, OAuth
from tests.servers.openid_provider import OpenIdProvider
from tests.servers.tokens import TokenIssuer, make_key

from .gateway_process import GatewayProcess, Upstream

AUDIENCE = "https://mail.example.test"
FOLDERS = "/v1/accounts/me/folders"
PASS_THROUGH = {"method": "pass_through", "mechanism": "OAUTHBEARER"}
MASTER = {"method": "master_user", "user": "gateway", "password_env": "TEST_MASTER"}


@pytest.fixture(scope="module")
def folder() -> Path:
    found = openid_provider.installed()
    if found is None:
        pytest.skip(openid_provider.MISSING)
    return found


@pytest.fixture(scope="module")
def provider(folder: Path) -> Iterator[OpenIdProvider]:
    with OpenIdProvider(folder, audience=AUDIENCE, typ="JWT") as provider:  # Dovecot 2.3 knows no at+jwt
        yield provider


@pytest.fixture(scope="module")
def mail(needs_dovecot: None, provider: OpenIdProvider) -> Iterator[Dovecot]:
    place = f"http://dovecot:dovecot-secret@127.0.0.1:{provider.port}/token/introspection"
    oauth = OAuth(provider.pem, (provider.issuer,), introspection_url=place)
    with Dovecot(DovecotOptions(oauth=oauth, master=("gateway", "masterpw"))) as server:
        yield server


@dataclass
class Starter:
    """Starts gateways that trust the provider."""

    provider: OpenIdProvider
    mail: Dovecot
    tokens: TokenIssuer

    def __call__(self, *, auth: Mapping[str, str] = PASS_THROUGH, **settings: object) -> GatewayProcess:
        issuer = {
            "issuer": self.provider.issuer,
            "audience": AUDIENCE,
            "profile": "auth0",  # signed tokens of the type JWT, with a client
            "introspection": {"client_id": "gateway", "client_secret_env": "TEST_CLIENT"},
            **settings,
        }
        return GatewayProcess(
            Upstream("localhost", self.mail.tls_port, self.mail.ca_file, auth),
            self.tokens,
            settings={"server": {"public_url": AUDIENCE, "drain_seconds": 0.4}, "log": {"level": "debug"}},
            environ={"TEST_CLIENT": "gateway-secret", "TEST_MASTER": "masterpw"},
            issuer=issuer,
        )


@pytest.fixture(scope="module")
def starter(provider: OpenIdProvider, mail: Dovecot, tokens: TokenIssuer) -> Starter:
    return Starter(provider, mail, tokens)


@pytest.fixture(scope="module")
def gateway(starter: Starter) -> Iterator[GatewayProcess]:
    with starter(dpop="allowed") as gateway:
        yield gateway


@pytest.fixture(scope="module")
def demanding(starter: Starter) -> Iterator[GatewayProcess]:
    """Takes tokens only that are bound to a key."""
    with starter(auth=MASTER, dpop="required") as gateway:
        yield gateway


def ask(gateway: GatewayProcess, token: str, path: str = FOLDERS) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{gateway.url}{path}", headers=headers, timeout=20, trust_env=False)


def metric(gateway: GatewayProcess, outcome: str) -> float:
    text = gateway.metrics()
    name = f'imapgw_introspections_total{{outcome="{outcome}"}}'
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))


@pytest.mark.parametrize("kind", ["signed", "opaque"])
def test_a_token_by_authorization_code_opens_the_mailbox_of_its_user(
    kind: str, provider: OpenIdProvider, gateway: GatewayProcess, mail: Dovecot
) -> None:
    for user in ("alice", "bob"):
        with mail.client(user) as imap:
            imap.create(f"of-{user}")
        token = provider.sign_in(user, "signed" if kind == "signed" else "opaque")["access_token"]
        assert (token.count(".") == 2) is (kind == "signed")
        answer = ask(gateway, token)
        assert answer.status_code == 200, answer.text
        names = {folder["name"] for folder in answer.json()["folders"]}
        assert {name for name in names if name.startswith("of-")} == {f"of-{user}"}
        assert ask(gateway, token, "/v1/accounts").json()["accounts"][0]["address"] == f"{user}@example.org"


def test_an_opaque_token_is_asked_about_once(provider: OpenIdProvider, gateway: GatewayProcess) -> None:
    token, before = provider.sign_in("alice", "opaque")["access_token"], metric(gateway, "active")
    for _ in range(5):
        assert ask(gateway, token).status_code == 200
    assert metric(gateway, "active") == before + 1


def test_scopes_hold_for_opaque_tokens(provider: OpenIdProvider, gateway: GatewayProcess) -> None:
    token = provider.sign_in("alice", "opaque", scope="mail.events")["access_token"]
    answer = ask(gateway, token)
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


def test_a_revoked_token_is_refused(provider: OpenIdProvider, gateway: GatewayProcess) -> None:
    token = provider.sign_in("alice", "opaque")["access_token"]
    provider.revoke(token, "opaque")
    answer = ask(gateway, token)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_what_is_no_users_access_token_opens_nothing(provider: OpenIdProvider, gateway: GatewayProcess) -> None:
    made = provider.sign_in("alice", "opaque", scope="mail.read offline_access")
    for token in (made["id_token"], provider.client_credentials()["access_token"], "made-up"):
        answer = ask(gateway, token)
        assert answer.status_code == 401, token
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_while_the_provider_is_down_signed_tokens_are_served_and_opaque_ones_are_not(
    provider: OpenIdProvider, gateway: GatewayProcess
) -> None:
    token = provider.sign_in("bob", "signed")["access_token"]
    assert ask(gateway, token).status_code == 200
    provider.stop()
    try:
        assert ask(gateway, token).status_code == 200
        answer = ask(gateway, "never-seen")
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
        assert "retry-after" in answer.headers
    finally:
        provider.start()


class Client:
    """Holds a key, and makes proofs as any DPoP client does."""

    def __init__(self) -> None:
        self._key = make_key("ES256")

    def proof(self, method: str, url: str, token: str | None = None) -> str:
        claims: dict[str, object] = {"jti": str(uuid.uuid4()), "htm": method, "htu": url, "iat": int(time.time())}
        if token is not None:
            digest = sha256(token.encode()).digest()
            claims["ath"] = urlsafe_b64encode(digest).rstrip(b"=").decode()
        header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public_jwk(self._key)}
        return signed(header, claims, "ES256", self._key)

    def ask(self, gateway: GatewayProcess, token: str, proof: str | None = None) -> httpx.Response:
        made = self.proof("GET", AUDIENCE + FOLDERS, token) if proof is None else proof
        headers = {"Authorization": f"DPoP {token}", "DPoP": made}
        return httpx.get(gateway.url + FOLDERS, headers=headers, timeout=20, trust_env=False)


@pytest.mark.parametrize("kind", ["signed", "opaque"])
def test_a_token_that_the_provider_bound_to_a_key(
    kind: str, provider: OpenIdProvider, demanding: GatewayProcess
) -> None:
    client, thief = Client(), Client()
    headers = {"DPoP": client.proof("POST", f"{provider.issuer}/token")}
    made = provider.sign_in("alice", "signed" if kind == "signed" else "opaque", headers=headers)
    assert made["token_type"] == "DPoP"
    token = made["access_token"]
    proof = client.proof("GET", AUDIENCE + FOLDERS, token)
    assert client.ask(demanding, token, proof).status_code == 200
    assert client.ask(demanding, token).status_code == 200
    for refused in (client.ask(demanding, token, proof), thief.ask(demanding, token), ask(demanding, token)):
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("DPoP error=")


def test_such_a_token_is_not_passed_on(provider: OpenIdProvider, gateway: GatewayProcess) -> None:
    """Dovecot would take a signed one for a bearer token, and call an opaque one a failure of its own."""
    client = Client()
    headers = {"DPoP": client.proof("POST", f"{provider.issuer}/token")}
    token = provider.sign_in("alice", "opaque", headers=headers)["access_token"]
    answer = client.ask(gateway, token)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
    assert "bound" in answer.json()["detail"]


def test_neither_tokens_nor_proofs_nor_secrets_are_logged(provider: OpenIdProvider, demanding: GatewayProcess) -> None:
    client = Client()
    made = provider.sign_in("alice", "opaque", headers={"DPoP": client.proof("POST", f"{provider.issuer}/token")})
    token = made["access_token"]
    proof = client.proof("GET", AUDIENCE + FOLDERS, token)
    assert client.ask(demanding, token, proof).status_code == 200
    assert client.ask(demanding, "made-up-opaque", "made-up-proof").status_code == 401
    metrics = demanding.metrics()
    written = demanding.log.read_text() + metrics
    assert FOLDERS.replace("me", "{account}", 1) in written
    secrets = (token, *proof.split("."), "made-up-opaque", "made-up-proof", "gateway-secret", "masterpw", "alice")
    assert not [secret for secret in secrets if secret in written]


def test_the_check_asks_the_provider_too(gateway: GatewayProcess, provider: OpenIdProvider, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(provider.sign_in("alice", "opaque")["access_token"])
    command = [sys.executable, "-m", "gateway", "check", "--config", str(gateway.config), "--token-file", str(token)]
    environ = {**os.environ, "TEST_CLIENT": "gateway-secret"}
    good = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert good.returncode == 0, good.stdout + good.stderr
    assert "the issuer answers questions about opaque tokens" in good.stdout
    environ["TEST_CLIENT"] = "another-secret"
    bad = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert bad.returncode == 1
    assert "status 401" in bad.stdout
    assert "another-secret" not in bad.stdout + bad.stderr


def test_keys_are_rotated_and_withdrawn_while_it_runs(
    provider: OpenIdProvider, gateway: GatewayProcess, starter: Starter
) -> None:
    """The last one: an unknown key is looked for once in 30 seconds only."""
    first = provider.sign_in("alice", "signed")["access_token"]
    assert ask(gateway, first).status_code == 200
    provider.restart("rotate")
    second = provider.sign_in("alice", "signed")["access_token"]
    assert ask(gateway, second).status_code == 200  # fetched at once, for a key that was not known
    assert ask(gateway, first).status_code == 200
    with starter() as gateway:
        assert ask(gateway, second).status_code == 200
        provider.restart("forget")
        assert ask(gateway, first).status_code == 200  # nobody has told yet
        third = provider.sign_in("alice", "signed")["access_token"]
        assert ask(gateway, third).status_code == 200
        for withdrawn in (first, second):
            assert ask(gateway, withdrawn).status_code == 401
