"""A user of a test's own on the shared Dovecot, whose way there can be broken."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.servers.dovecot import Dovecot
from tests.servers.faultproxy import FaultProxy


@pytest.fixture
def user(dovecot: Dovecot) -> str:
    return dovecot.guest()[0]


@pytest.fixture
async def proxy(dovecot: Dovecot) -> AsyncIterator[FaultProxy]:
    """In front of Dovecot's plain-text port, so that what it says can be rewritten."""
    async with FaultProxy(dovecot.host, dovecot.port) as way:
        yield way
