"""The database of linked accounts: the same tests on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.accounts.database import migrate, open_database
from gateway.settings.accounts import Accounts
from tests.servers.postgresql import Postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'accounts.db'}"
    server: Postgresql = request.getfixturevalue("postgresql")
    return server.database()


@pytest.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    """With its tables."""
    opened = open_database(Accounts(database=database))
    await migrate(opened)
    yield opened
    await opened.dispose()
