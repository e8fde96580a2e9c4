"""Sessions on the shared Dovecot over TLS, and on scripted servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from gateway.imap.connection_outcome import OnCommand
from gateway.imap.credential import Credential, Password
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.session import Session
from gateway.imap.tls import TlsContexts
from gateway.secret import Secret
from tests.imap.scripted import Scripted
from tests.servers.dovecot import Dovecot

Opener = Callable[..., Awaitable[Session]]
Joiner = Callable[..., Awaitable[Session]]
DEADLINES = Deadlines(connect=10, greeting=10, command=15)
ALICE = Password("alice", Secret("alicepw"))


def implicit(dovecot: Dovecot) -> Endpoint:
    return Endpoint(dovecot.host, dovecot.tls_port, "implicit", str(dovecot.ca_file))


@pytest.fixture(scope="session")
def contexts() -> TlsContexts:
    return TlsContexts()


@pytest.fixture
def account(dovecot: Dovecot) -> tuple[str, str]:
    """A user of this test alone."""
    return dovecot.guest()


@pytest.fixture
async def opened(dovecot: Dovecot, account: tuple[str, str], contexts: TlsContexts) -> AsyncIterator[Opener]:
    """Opens sessions as ``account`` (or ``credential``, without the capabilities ``ignore``); ends them after all."""
    async with AsyncExitStack() as stack:

        async def open_one(
            ignore: str = "",
            *,
            endpoint: Endpoint | None = None,
            credential: Credential | None = None,
            compress: bool = False,
            on_command: OnCommand | None = None,
        ) -> Session:
            session = await Session.open(
                endpoint or implicit(dovecot),
                credential or Password(account[0], Secret(account[1])),
                deadlines=DEADLINES,
                ignore=frozenset(ignore.split()),
                client_id={"name": "tests"},
                on_command=on_command,
                compress=compress,
                tls=contexts,
            )
            stack.callback(session.abort)
            return session

        yield open_one


@pytest.fixture
async def session(opened: Opener) -> Session:
    return await opened()


@pytest.fixture
async def joined() -> AsyncIterator[Joiner]:
    """Opens sessions on scripted servers, as alice; ends them after the test."""
    async with AsyncExitStack() as stack:

        async def join(
            server: Scripted,
            *,
            deadlines: Deadlines = DEADLINES,
            compress: bool = False,
            on_command: OnCommand | None = None,
        ) -> Session:
            session = await Session.open(
                server.endpoint, ALICE, deadlines=deadlines, compress=compress, on_command=on_command
            )
            stack.callback(session.abort)
            return session

        yield join
