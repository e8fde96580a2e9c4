from __future__ import annotations

import stat
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.accounts.database import migrate, open_database
from gateway.accounts.tables import METADATA
from gateway.errors import ConfigurationError, Unavailable
from gateway.settings.accounts import Accounts


async def test_tables_come_from_nothing_and_migrating_again_changes_nothing(database: str) -> None:
    engine = open_database(Accounts(database=database))
    try:
        for _ in range(2):
            await migrate(engine)
            async with engine.connect() as connection:
                found = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
                version = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars().all()
            assert found == {*METADATA.tables, "alembic_version"}
            assert list(version) == ["0001"]
    finally:
        await engine.dispose()


async def test_the_migrations_make_what_the_tables_say(engine: AsyncEngine) -> None:
    """Alembic's own comparison finds nothing left to do."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    async with engine.connect() as connection:
        left = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts={"compare_type": True}), METADATA)
        )
    assert left == []


async def test_replicas_that_start_together_migrate_one_after_the_other(database: str) -> None:
    import asyncio

    engines = [open_database(Accounts(database=database)) for _ in range(4)]
    try:
        if database.startswith("sqlite"):
            for engine in engines:
                await migrate(engine)
        else:
            await asyncio.gather(*map(migrate, engines))
    finally:
        for engine in engines:
            await engine.dispose()


async def test_the_file_is_for_its_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "state" / "accounts.db"
    engine = open_database(Accounts(database=f"sqlite+aiosqlite:///{file}"))
    await migrate(engine)
    async with engine.connect() as connection:
        assert (await connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"
        modes = {stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    await engine.dispose()
    assert modes == {0o600}
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_by_default_it_is_in_the_state_directory(tmp_path: Path) -> None:
    for name, place in (("STATE_DIRECTORY", tmp_path / "a"), ("XDG_STATE_HOME", tmp_path / "b")):
        engine = open_database(Accounts(), {name: str(place)})
        below = place if name == "STATE_DIRECTORY" else place / "imap-gateway"
        assert engine.url.database == str(below / "accounts.db")
        assert (below / "accounts.db").exists()


@pytest.mark.parametrize("url", ["mysql://a/b", "sqlite://", "sqlite+aiosqlite:///:memory:", "not a url", "postgres"])
def test_what_is_no_database_is_refused_by_name(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"accounts\.database"):
        open_database(Accounts(database=url))


async def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    engine = open_database(Accounts(database=f"postgresql://gateway@/x?host={tmp_path}"))
    with pytest.raises(Unavailable, match="database"):
        await migrate(engine)
    await engine.dispose()


def test_its_url_may_be_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://gateway:pw@db.example.org/mail\n")
    engine = open_database(Accounts(database_file=str(secret)))
    assert engine.url.drivername == "postgresql+psycopg"
    assert "pw" not in repr(engine.url)
