"""The verbs' tools on the shared Dovecot: sessions as a guest that no other test has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from gateway.imap.credential import Password
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.session import Session
from gateway.secret import Secret
from tests.servers.dovecot import Dovecot

Opener = Callable[..., Awaitable[Session]]
WITHOUT = {"qresync": "", "condstore": "QRESYNC", "window": "QRESYNC CONDSTORE"}


@pytest.fixture
async def opened(dovecot: Dovecot) -> AsyncIterator[Opener]:
    """Opens sessions as one guest, in the sync mode that is named."""
    user, password = dovecot.guest()
    endpoint = Endpoint(dovecot.host, dovecot.tls_port, "implicit", str(dovecot.ca_file))
    async with AsyncExitStack() as stack:

        async def open_one(mode: str = "qresync") -> Session:
            session = await Session.open(
                endpoint,
                Password(user, Secret(password)),
                deadlines=Deadlines(),
                ignore=frozenset(WITHOUT[mode].split()),
            )
            assert session.capabilities.sync_mode() == mode
            stack.callback(session.abort)
            return session

        yield open_one
