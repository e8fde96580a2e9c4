"""TLS sessions that are taken up again: that they are, and that no certificate escapes its check by it."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest

from gateway.errors import TlsFailed
from gateway.imap.credential import Password
from gateway.imap.endpoint import Endpoint
from gateway.imap.session import Session
from gateway.imap.tls import TlsContexts
from gateway.imap.tls_sessions import FRESH_SECONDS, HOSTS, LIFE_SECONDS, TlsSessions
from gateway.secret import Secret
from tests.imap.conftest import ALICE, DEADLINES
from tests.imap.scripted import Eof, Meet, Step, scripted, signed_in
from tests.servers.certificates import Authority, ServerCertificate
from tests.servers.cyrus import Cyrus
from tests.servers.dovecot import Dovecot


@asynccontextmanager
async def opened(endpoint: Endpoint, contexts: TlsContexts, who: Password = ALICE) -> AsyncIterator[ssl.SSLObject]:
    """The TLS of a session that is signed in."""
    session = await Session.open(endpoint, who, deadlines=DEADLINES, tls=contexts)
    transport = session._connection.protocol.transport
    assert transport is not None
    made = transport.get_extra_info("ssl_object")
    assert isinstance(made, ssl.SSLObject)
    try:
        yield made
    finally:
        await session.logout()


async def reused(endpoint: Endpoint, contexts: TlsContexts, who: Password = ALICE) -> bool:
    async with opened(endpoint, contexts, who) as made:
        assert made.getpeercert()  # of the one that was looked at
        return bool(made.session_reused)


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_a_second_connection_takes_the_session_up(dovecot: Dovecot, tls: Literal["implicit", "starttls"]) -> None:
    port = dovecot.tls_port if tls == "implicit" else dovecot.port
    endpoint = Endpoint(dovecot.host, port, tls, str(dovecot.ca_file))
    contexts = TlsContexts(resume=True)
    user, password = dovecot.guest()
    assert [await reused(endpoint, contexts) for _ in range(2)] == [False, True]
    assert await reused(endpoint, contexts, Password(user, Secret(password)))
    assert not await reused(endpoint, TlsContexts(resume=True))
    assert not await reused(endpoint, TlsContexts())


async def test_many_at_once_on_one_session(dovecot: Dovecot) -> None:
    endpoint = Endpoint(dovecot.host, dovecot.tls_port, "implicit", str(dovecot.ca_file))
    contexts = TlsContexts(resume=True)
    async with opened(endpoint, contexts), opened(endpoint, contexts) as second, opened(endpoint, contexts) as third:
        assert second.session_reused
        assert third.session_reused


async def test_cyrus_is_served_whether_it_takes_sessions_or_not(cyrus: Cyrus) -> None:
    endpoint = Endpoint("localhost", cyrus.tls_port, "implicit", str(cyrus.ca_file))
    contexts = TlsContexts(resume=True)
    user, password = cyrus.guest()
    for _ in range(3):
        await reused(endpoint, contexts, Password(user, Secret(password)))


def server_context(certificate: ServerCertificate, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    context.maximum_version = version
    return context


SCRIPT: list[Step] = [*signed_in(), Eof()]


async def taken(context: ssl.SSLContext, contexts: TlsContexts, ca_file: Path) -> bool:
    """Whether a server with this context had the session taken up."""
    async with scripted(*SCRIPT, tls=context) as server:
        endpoint = Endpoint("localhost", server.endpoint.port, "implicit", str(ca_file))
        session = await Session.open(endpoint, ALICE, deadlines=DEADLINES, tls=contexts)
        transport = session._connection.protocol.transport
        assert transport is not None
        found = bool(transport.get_extra_info("ssl_object").session_reused)
        session.abort()
        await server.finished.wait()
        return found


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_of_either_version(tmp_path: Path, version: ssl.TLSVersion) -> None:
    authority, contexts = Authority(tmp_path), TlsContexts(resume=True)
    context = server_context(authority.issue(), version)
    assert [await taken(context, contexts, authority.ca_file) for _ in range(3)] == [False, True, True]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_server_without_tickets_and_one_that_has_lost_its_keys(tmp_path: Path, version: ssl.TLSVersion) -> None:
    authority, contexts = Authority(tmp_path), TlsContexts(resume=True)
    without = server_context(authority.issue(), version)
    without.options |= ssl.OP_NO_TICKET
    without.num_tickets = 0
    assert [await taken(without, contexts, authority.ca_file) for _ in range(2)] == [False, False]
    first, restarted = (server_context(authority.issue(), version) for _ in range(2))
    assert not await taken(first, contexts, authority.ca_file)
    assert not await taken(restarted, contexts, authority.ca_file)


@pytest.mark.parametrize("flaw", ["another authority", "another host", "expired"])
async def test_another_server_in_its_place_is_looked_at(tmp_path: Path, flaw: str) -> None:
    """A session says nothing of who can't take it up: the handshake then goes the whole way, certificate included."""
    authority, contexts = Authority(tmp_path / "ours"), TlsContexts(resume=True)
    assert not await taken(server_context(authority.issue()), contexts, authority.ca_file)
    theirs = Authority(tmp_path / "theirs") if flaw == "another authority" else authority
    names = ["other.example.org"] if flaw == "another host" else []
    bad = server_context(theirs.issue(*names, label="bad", expired=flaw == "expired"))
    async with scripted(Meet(), tls=bad) as server:
        endpoint = Endpoint("localhost", server.endpoint.port, "implicit", str(authority.ca_file))
        with pytest.raises(TlsFailed):
            await Session.open(endpoint, ALICE, deadlines=DEADLINES, tls=contexts)


class Done:
    """As much of a connection's TLS as is looked at."""

    def __init__(self, host: str, session: object, *, reused: bool = False) -> None:
        self.server_hostname, self.session, self.session_reused = host, session, reused


class Ticket:
    has_ticket = True


def test_how_long_and_for_whom() -> None:
    now = 0.0
    sessions = TlsSessions(lambda: now)
    first, second = Ticket(), Ticket()
    sessions.keep(Done("a.example", first))  # type: ignore[arg-type]
    assert sessions.offer("a.example") is first  # type: ignore[comparison-overlap]
    assert sessions.offer("b.example") is None
    assert sessions.offer(None) is None
    now = LIFE_SECONDS - 1
    sessions.keep(Done("a.example", second, reused=True))  # type: ignore[arg-type]
    assert sessions.offer("a.example") is first  # type: ignore[comparison-overlap]
    now = LIFE_SECONDS
    assert sessions.offer("a.example") is None
    sessions.keep(Done("a.example", first))  # type: ignore[arg-type]
    sessions.keep(Done("a.example", second))  # type: ignore[arg-type]
    assert sessions.offer("a.example") is first  # type: ignore[comparison-overlap]
    now += FRESH_SECONDS
    sessions.keep(Done("a.example", second))  # type: ignore[arg-type]
    assert sessions.offer("a.example") is second  # type: ignore[comparison-overlap]
    sessions.forget("a.example")
    assert sessions.offer("a.example") is None


def test_the_host_used_longest_ago_goes_first() -> None:
    sessions = TlsSessions()
    for number in range(HOSTS):
        sessions.keep(Done(f"{number}.example", Ticket()))  # type: ignore[arg-type]
    assert sessions.offer("0.example") is not None
    sessions.keep(Done("new.example", Ticket()))  # type: ignore[arg-type]
    assert sessions.offer("0.example") is not None
    assert sessions.offer("1.example") is None
