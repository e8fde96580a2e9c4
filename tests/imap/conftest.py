"""Sessions on the shared Dovecot, over TLS."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from gateway.imap.credential import Password
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.session import Session
from gateway.imap.tls import TlsContexts
from gateway.secret import Secret

from ..servers.dovecot import Dovecot

Opener = Callable[..., Awaitable[Session]]
DEADLINES = Deadlines(connect=10, greeting=10, command=15)


def implicit(dovecot: Dovecot) -> Endpoint:
    return Endpoint(dovecot.host, dovecot.tls_port, "implicit", str(dovecot.ca_file))


@pytest.fixture
def account(dovecot: Dovecot) -> tuple[str, str]:
    """A user of this test alone."""
    return dovecot.guest()


@pytest.fixture
async def opened(dovecot: Dovecot, account: tuple[str, str]) -> AsyncIterator[Opener]:
    """Opens sessions as ``account`` (with ``ignore=`` capabilities), and ends them after the test."""
    contexts = TlsContexts()
    async with AsyncExitStack() as stack:

        async def open_one(ignore: str = "") -> Session:
            session = await Session.open(
                implicit(dovecot),
                Password(account[0], Secret(account[1])),
                deadlines=DEADLINES,
                ignore=frozenset(ignore.split()),
                client_id={"name": "tests"},
                tls=contexts,
            )
            stack.callback(session.abort)
            return session

        yield open_one


@pytest.fixture
async def session(opened: Opener) -> Session:
    return await opened()
