"""The gateway on each real server: the same suite runs on all of them."""

from __future__ import annotations

import imaplib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace

import httpx
import pytest

from tests.servers import cyrus as cyrus_server
from tests.servers import openid_provider
from tests.servers.cyrus import Cyrus
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_config import DovecotOptions, OAuth
from tests.servers.openid_provider import OpenIdProvider
from tests.servers.postgresql import Postgresql
from tests.servers.tokens import TokenIssuer

from . import linking
from .gateway_process import GatewayProcess, Upstream

# All that IMAP4rev1 itself does not have, but UIDPLUS: without it no answer can name a new message.
EXTENSIONS = (
    "QRESYNC", "CONDSTORE", "ENABLE", "ESEARCH", "ESORT", "SORT", "LIST-STATUS", "LIST-EXTENDED", "SPECIAL-USE",
    "NAMESPACE", "MOVE", "LITERAL+", "ID", "UNSELECT", "IDLE", "BINARY", "SASL-IR", "CONTEXT=SEARCH", "SEARCHRES",
    "PREVIEW", "PREVIEW=FUZZY", "NOTIFY", "CHILDREN", "THREAD=REFERENCES", "THREAD=REFS", "SAVEDATE",
)  # fmt: skip
PASS_THROUGH = {"method": "pass_through", "mechanism": "OAUTHBEARER"}


@dataclass(frozen=True)
class Site:
    """A gateway and the server behind it."""

    name: str
    gateway: GatewayProcess
    server: Dovecot | Cyrus

    def guest(self) -> str:
        return self.server.guest()[0]

    def imap(self, user: str) -> imaplib.IMAP4:
        """A second session of the user's, beside the gateway."""
        return self.server.client(user)


@pytest.fixture(scope="session")
def on_dovecot(dovecot: Dovecot, tokens: TokenIssuer) -> Iterator[Site]:
    upstream = Upstream("localhost", dovecot.tls_port, dovecot.ca_file, PASS_THROUGH)
    with GatewayProcess(upstream, tokens) as gateway:
        yield Site("dovecot", gateway, dovecot)


@pytest.fixture(scope="session")
def on_plain(dovecot: Dovecot, tokens: TokenIssuer) -> Iterator[Site]:
    """A server as RFC 3501 has it: every fallback is used."""
    auth = {"method": "master_user", "user": "gateway", "password_env": "TEST_MASTER"}
    upstream = Upstream("localhost", dovecot.tls_port, dovecot.ca_file, auth, ignore=EXTENSIONS)
    live = {"live": {"poll_seconds": 0.2}}
    with GatewayProcess(upstream, tokens, settings=live, environ={"TEST_MASTER": "masterpw"}) as gateway:
        yield Site("plain", gateway, dovecot)


@pytest.fixture(scope="session")
def on_cyrus(request: pytest.FixtureRequest, tokens: TokenIssuer) -> Iterator[Site]:
    if not Cyrus.available():
        pytest.skip(cyrus_server.MISSING)
    server: Cyrus = request.getfixturevalue("cyrus")
    auth = {"method": "master_user", "user": "cyrus", "password_env": "TEST_MASTER"}
    upstream = Upstream("localhost", server.tls_port, server.ca_file, auth, username="{local}")
    settings: dict[str, dict[str, object]] = {
        "limits": {"idle_connection_seconds": 3},  # each connection is a process of that server
        "live": {
            "probe_seconds": 3,
            "sweep_seconds": 0.5,
            "quota_seconds": 2,
        },  # its IDLE tells nothing of a folder that is deleted
    }
    with GatewayProcess(upstream, tokens, settings=settings, environ={"TEST_MASTER": "cyruspw"}) as gateway:
        yield Site("cyrus", gateway, server)


@pytest.fixture(scope="session")
def on_sharing_dovecot(sharing_dovecot: Dovecot, tokens: TokenIssuer) -> Iterator[Site]:
    upstream = Upstream("localhost", sharing_dovecot.tls_port, sharing_dovecot.ca_file, PASS_THROUGH)
    with GatewayProcess(upstream, tokens, settings={"live": {"quota_seconds": 2}}) as gateway:
        yield Site("dovecot", gateway, sharing_dovecot)


@pytest.fixture(scope="session")
def on_delegated(sharing_dovecot: Dovecot, tokens: TokenIssuer) -> Iterator[Site]:
    """The gateway is a master user of the server's, and acts for whoever calls."""
    auth = {"method": "master_user", "user": "gateway", "password_env": "TEST_MASTER"}
    upstream = Upstream("localhost", sharing_dovecot.tls_port, sharing_dovecot.ca_file, auth)
    with GatewayProcess(upstream, tokens, environ={"TEST_MASTER": "masterpw"}) as gateway:
        yield Site("dovecot", gateway, sharing_dovecot)


@pytest.fixture(params=["sharing_dovecot", "cyrus"])
def sharing(request: pytest.FixtureRequest) -> Site:
    """Servers on which users share folders, with a quota of 10 MB each."""
    found: Site = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.fixture(params=["dovecot", "cyrus", "plain"])
def site(request: pytest.FixtureRequest) -> Site:
    found: Site = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.fixture
def quiet(site: Site) -> Iterator[Site]:
    """The same server behind a gateway that no other test uses: what it counts is this test's doing."""
    with replace(site.gateway) as gateway:
        yield replace(site, gateway=gateway)


@pytest.fixture
def user(site: Site) -> str:
    """A user that no other test has."""
    return site.guest()


@pytest.fixture
async def client(site: Site, user: str) -> AsyncIterator[httpx.AsyncClient]:
    async with site.gateway.client(user) as made:
        yield made


@pytest.fixture(scope="session")
def idp() -> Iterator[OpenIdProvider]:
    """A provider at which accounts are linked."""
    folder = openid_provider.installed()
    if folder is None:
        pytest.skip(openid_provider.MISSING)
    with OpenIdProvider(folder, audience="https://imap.example.test", session=linking.SESSION) as provider:
        yield provider


@pytest.fixture(scope="session")
def linked_mail(needs_dovecot: None, idp: OpenIdProvider) -> Iterator[Dovecot]:
    """A server that asks that provider about tokens, and takes passwords too."""
    place = f"http://dovecot:dovecot-secret@127.0.0.1:{idp.port}/token/introspection"
    with Dovecot(DovecotOptions(oauth=OAuth(idp.pem, (idp.issuer,), introspection_url=place))) as server:
        yield server


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def linked_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('linked') / 'accounts.db'}"
    server: Postgresql = request.getfixturevalue("postgresql")
    return server.database()


@pytest.fixture(scope="session")
def linked_gateway(
    linked_mail: Dovecot, idp: OpenIdProvider, tokens: TokenIssuer, linked_database: str
) -> Iterator[GatewayProcess]:
    settings = {"log": {"level": "debug"}, "audit": {"client": "peer"}}
    with linking.start(linked_mail, tokens, linked_database, idp, settings=settings) as started:
        yield started
