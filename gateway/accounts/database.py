"""The database of linked accounts: SQLite in a file of the gateway's own, or PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from gateway.errors import ConfigurationError, Unavailable
from gateway.settings.accounts import Accounts
from gateway.settings.kept_secret import SecretFile

_KEY: Final = "accounts.database"
_LOCK: Final = 0x696D6170  # of the migration, among PostgreSQL's advisory locks
_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def open_database(settings: Accounts, environ: Mapping[str, str] = os.environ) -> AsyncEngine:
    """Nothing is connected yet. Raises ConfigurationError where it is no database that could be used."""
    try:
        url = make_url(_url(settings, environ))
        driver = _DRIVERS.get(url.drivername)
        if driver is None:
            raise _unusable("must begin with sqlite+aiosqlite:/// or postgresql+psycopg://")
        url = url.set(drivername=driver)
        if url.get_backend_name() == "sqlite":
            if not url.database or url.database == ":memory:":
                raise _unusable("needs a file")
            _private_file(Path(url.database))
            engine = create_async_engine(url, connect_args={"timeout": 10}, hide_parameters=True)
            event.listen(engine.sync_engine, "connect", _prepare_sqlite)
            return engine
        return create_async_engine(
            url, pool_size=5, max_overflow=5, pool_pre_ping=True, pool_recycle=1800, hide_parameters=True
        )
    except ArgumentError as error:
        raise _unusable("is no URL of a database") from error
    except ModuleNotFoundError as error:
        raise _unusable("needs a driver that is not installed: the extra `postgresql`") from error


async def migrate(engine: AsyncEngine) -> None:
    """Bring the tables up to date; does nothing where they are. One replica at a time. Raises Unavailable."""
    try:
        async with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            await connection.run_sync(_upgrade)
    except (SQLAlchemyError, OSError) as error:
        raise Unavailable(f"the database of linked accounts can't be used: {type(error).__name__}") from error


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _url(settings: Accounts, environ: Mapping[str, str]) -> str:
    if settings.database_file is not None:
        return SecretFile(settings.database_file, f"{_KEY}_file", "the database's URL").read().reveal()
    if settings.database is not None:
        return settings.database
    return f"sqlite+aiosqlite:///{_state_directory(environ) / 'accounts.db'}"


def _state_directory(environ: Mapping[str, str]) -> Path:
    """systemd's STATE_DIRECTORY, or the user's own."""
    if environ.get("STATE_DIRECTORY"):
        return Path(environ["STATE_DIRECTORY"].partition(":")[0])
    home = environ.get("XDG_STATE_HOME") or str(Path(environ.get("HOME", "/")) / ".local" / "state")
    return Path(home) / "imap-gateway"


def _private_file(file: Path) -> None:
    """Made readable for this user alone, before SQLite would make it by the umask; its journals take after it."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        file.chmod(0o600)
    except OSError as error:
        reason = (error.strerror or "unusable").lower()
        raise ConfigurationError(f"can't be used: {reason}", key=_KEY, where=str(file)) from error


def _prepare_sqlite(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _unusable(reason: str) -> ConfigurationError:
    return ConfigurationError(reason, key=_KEY, where="the settings")
