"""From nothing to signed in: TLS as configured, refusals by their kind, deadlines."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Literal

import pytest
import uvloop

from gateway.errors import (
    ConnectFailed,
    ConnectionLost,
    DeadlinePassed,
    GatewayError,
    ProtocolViolation,
    Refused,
    SignInRefused,
    TlsFailed,
    TlsRequired,
)
from gateway.imap.credential import Credential, Password
from gateway.imap.encode.fetch_item import Section
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.session import Session
from gateway.imap.tls import TlsContexts
from gateway.secret import Secret
from tests.conftest import DovecotFactory
from tests.imap.conftest import ALICE, DEADLINES, Joiner
from tests.imap.mails import INBOX
from tests.imap.scripted import (
    GREETING,
    Eof,
    Expect,
    Meet,
    Send,
    StartTls,
    Step,
    scripted,
    signed_in,
)
from tests.servers.certificates import Authority
from tests.servers.dovecot import Dovecot
from tests.servers.dovecot_config import DovecotOptions
from tests.servers.ports import free_port

SOON = Deadlines(connect=0.2, greeting=0.2, command=0.2)


async def refusal(
    endpoint: Endpoint, credential: Credential = ALICE, *, deadlines: Deadlines = DEADLINES, ignore: str = ""
) -> GatewayError:
    try:
        session = await Session.open(
            endpoint, credential, deadlines=deadlines, ignore=frozenset(ignore.split()), tls=TlsContexts()
        )
    except GatewayError as error:
        return error
    session.abort()
    pytest.fail("it signed in")


async def refused_by(*script: Step, credential: Credential = ALICE, tls: str = "none") -> GatewayError:
    async with scripted(*script) as server:
        endpoint = Endpoint("127.0.0.1", server.endpoint.port, tls)  # type: ignore[arg-type]
        error = await refusal(endpoint, credential)
        await server.finished.wait()
        return error


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(Path(tmp_path_factory.mktemp("ca")))


@pytest.fixture(scope="module")
def server_tls(authority: Authority) -> ssl.SSLContext:
    certificate = authority.issue()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    return context


# --- reaching it ---


async def test_nobody_listens() -> None:
    error = await refusal(Endpoint("127.0.0.1", free_port(), "none"))
    assert isinstance(error, ConnectFailed)


async def test_a_host_without_an_address() -> None:
    assert isinstance(await refusal(Endpoint("nowhere.invalid", 993)), ConnectFailed)


async def test_a_host_name_that_is_none() -> None:
    assert isinstance(await refusal(Endpoint("a" * 64 + ".example.org", 993)), ConnectFailed)


async def test_no_tls_handshake_in_time() -> None:
    async with scripted(Meet()) as server:
        endpoint = Endpoint("127.0.0.1", server.endpoint.port, "implicit")
        assert isinstance(await refusal(endpoint, deadlines=SOON), DeadlinePassed)


async def test_no_greeting_in_time() -> None:
    async with scripted(Meet()) as server:
        error = await refusal(server.endpoint, deadlines=SOON)
        assert isinstance(error, DeadlinePassed)


async def test_no_answer_to_the_sign_in_in_time() -> None:
    async with scripted(Send(GREETING), Expect("AUTHENTICATE .+"), Meet()) as server:
        assert isinstance(await refusal(server.endpoint, deadlines=SOON), DeadlinePassed)


async def test_what_answers_is_no_imap_server() -> None:
    assert isinstance(await refused_by(Send(b"SSH-2.0-OpenSSH_9.2\r\n"), Eof()), ProtocolViolation)
    assert isinstance(await refused_by(Send(b"+OK POP3 ready\r\n"), Eof()), ProtocolViolation)


async def test_turned_away_with_a_code() -> None:
    error = await refused_by(Send(b"* BYE [UNAVAILABLE] try later\r\n"), Eof())
    assert isinstance(error, Refused)
    assert (error.imap_code, error.answer().status) == ("UNAVAILABLE", 503)


async def test_turned_away_without_a_code() -> None:
    error = await refused_by(Send(b"* BYE too many\r\n"), Eof())
    assert isinstance(error, ConnectionLost)
    assert error.bye == "too many"


# --- TLS ---


async def test_an_unknown_authority(dovecot: Dovecot) -> None:
    error = await refusal(Endpoint(dovecot.host, dovecot.tls_port))
    assert isinstance(error, TlsFailed)
    assert "certificate" in error.detail or "issuer" in error.detail


async def test_an_expired_certificate(dovecot_factory: DovecotFactory) -> None:
    server = dovecot_factory(DovecotOptions(expired_certificate=True))
    for endpoint in (
        Endpoint(server.host, server.tls_port, "implicit", str(server.ca_file)),
        Endpoint(server.host, server.port, "starttls", str(server.ca_file)),
    ):
        error = await refusal(endpoint)
        assert isinstance(error, TlsFailed)
        assert "expired" in error.detail


async def test_a_certificate_of_another_host(dovecot: Dovecot, authority: Authority) -> None:
    certificate = authority.issue("other.example.org", label="other")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    async with scripted(Meet(), tls=context) as server:
        error = await refusal(Endpoint("127.0.0.1", server.endpoint.port, "implicit", str(authority.ca_file)))
    assert isinstance(error, TlsFailed)


async def test_implicit_tls_on_a_plain_port(dovecot: Dovecot) -> None:
    assert isinstance(await refusal(Endpoint(dovecot.host, dovecot.port, "implicit", str(dovecot.ca_file))), TlsFailed)


async def test_an_authority_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for name in ("ca.pem", "missing.pem"):
        assert isinstance(await refusal(Endpoint("127.0.0.1", 1, "implicit", str(tmp_path / name))), TlsFailed)


def test_one_context_for_each_authority(authority: Authority) -> None:
    contexts = TlsContexts()
    ours, system = contexts.of(str(authority.ca_file)), contexts.of(None)
    assert contexts.of(str(authority.ca_file)) is ours is not system
    assert ours.minimum_version is ssl.TLSVersion.TLSv1_2
    assert ours.verify_mode is ssl.CERT_REQUIRED
    assert ours.check_hostname


CAPABLE = b"* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] ready\r\n"


async def test_stripped_starttls_is_no_downgrade() -> None:
    error = await refused_by(Send(GREETING), Eof(), tls="starttls")
    assert isinstance(error, TlsRequired)


async def test_stripped_starttls_where_capabilities_must_be_asked() -> None:
    script: list[Step] = [
        Send(b"* OK ready\r\n"),
        Expect("CAPABILITY"),
        Send(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK\r\n"),
        Eof(),
    ]
    assert isinstance(await refused_by(*script, tls="starttls"), TlsRequired)


async def test_a_refused_starttls_is_no_downgrade() -> None:
    script: list[Step] = [Send(CAPABLE), Expect("STARTTLS"), Send(b"{tag} NO not now\r\n"), Eof()]
    assert isinstance(await refused_by(*script, tls="starttls"), TlsRequired)


async def test_preauth_instead_of_starttls_is_no_downgrade() -> None:
    assert isinstance(await refused_by(Send(b"* PREAUTH welcome\r\n"), Eof(), tls="starttls"), TlsRequired)


async def test_preauth_signs_in_as_nobody_knows_whom() -> None:
    assert isinstance(await refused_by(Send(b"* PREAUTH welcome\r\n"), Eof()), SignInRefused)


async def test_octets_ahead_of_tls_are_refused() -> None:
    script: list[Step] = [
        Send(CAPABLE),
        Expect("STARTTLS"),
        Send(b"{tag} OK go\r\n* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] injected\r\n"),
        Eof(),
    ]
    assert isinstance(await refused_by(*script, tls="starttls"), TlsFailed)


async def test_after_starttls_nothing_from_before_counts(authority: Authority, server_tls: ssl.SSLContext) -> None:
    script: list[Step] = [
        Send(b"* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED X-FORGED] ready\r\n"),
        Expect("STARTTLS"),
        Send(b"{tag} OK go\r\n"),
        StartTls(server_tls),
        Expect("CAPABILITY"),
        Send(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n{tag} OK\r\n"),
        Expect("AUTHENTICATE PLAIN"),
        Send(b"+ \r\n"),
        Expect("[A-Za-z0-9+/=]+", tagless=True),
        Send(b"{tag} OK [CAPABILITY IMAP4rev1 IDLE] in\r\n"),
        Eof(),
    ]
    async with scripted(*script) as server:
        endpoint = Endpoint("127.0.0.1", server.endpoint.port, "starttls", str(authority.ca_file))
        session = await Session.open(endpoint, ALICE, deadlines=DEADLINES)
        assert session.capabilities.names == {"IMAP4REV1", "IDLE"}
        session.abort()
        await server.finished.wait()


async def test_a_server_that_refuses_id_and_enable_is_served_without(joined: Joiner) -> None:
    script: list[Step] = [
        *signed_in("IMAP4rev1 ENABLE CONDSTORE"),
        Expect("ENABLE CONDSTORE"),
        Send(b"{tag} BAD no\r\n"),
        Eof(),
    ]
    async with scripted(*script) as server:
        session = await joined(server)
        assert session.capabilities.enabled == frozenset()
        session.abort()
        await server.finished.wait()


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_on_uvloop_too(dovecot: Dovecot, tls: Literal["implicit", "starttls"]) -> None:
    port = dovecot.tls_port if tls == "implicit" else dovecot.port
    user, password = dovecot.guest()
    octets = b"Subject: large\r\n\r\n" + b"x" * 1_000_000

    async def use() -> bytes:
        endpoint = Endpoint(dovecot.host, port, tls, str(dovecot.ca_file))
        session = await Session.open(endpoint, Password(user, Secret(password)), deadlines=DEADLINES)
        await session.append(INBOX, len(octets), octets)
        await session.select(INBOX)
        async with session.stream(1, Section()) as stream:
            got = b"".join([chunk async for chunk in stream])
        await session.logout()
        return got

    assert uvloop.run(use()) == octets


async def test_a_cancelled_open_leaves_no_connection() -> None:
    meet = Meet()
    async with scripted(Send(GREETING), Expect("AUTHENTICATE .+"), meet, Eof()) as server:
        task = asyncio.ensure_future(Session.open(server.endpoint, ALICE, deadlines=DEADLINES))
        await meet.reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        meet.released.set()
        await server.finished.wait()


async def test_the_same_error_for_an_unknown_user_and_a_bad_password(dovecot: Dovecot) -> None:
    endpoint = Endpoint(dovecot.host, dovecot.tls_port, "implicit", str(dovecot.ca_file))
    known = await refusal(endpoint, Password("carol", Secret("wrong")))
    unknown = await refusal(endpoint, Password("nobody", Secret("wrong")))
    assert (type(known), known.detail, known.imap_code) == (type(unknown), unknown.detail, unknown.imap_code)
