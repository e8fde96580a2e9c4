"""What an operator does with linked accounts from the command line. Every function returns an exit status."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from gateway.accounts.database import migrate, open_database
from gateway.accounts.keyring import Keyring, SealBroken, new_key
from gateway.accounts.link import Link
from gateway.accounts.link_store import LinkStore
from gateway.errors import ConfigurationError, Unavailable
from gateway.settings.accounts import Accounts

FAILED: Final = 1
BATCH: Final = 100
Write = Callable[[str], object]


def generate_key(out: Path | None, write: Write) -> int:
    """Print a new key, or write it into a new file. Raises ConfigurationError."""
    key = new_key()
    if out is None:
        write(f"{key}\n")
        return 0
    try:
        with os.fdopen(os.open(out, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(f"{key}\n")
    except OSError as error:
        reason = (error.strerror or "unusable").lower()
        raise ConfigurationError(f"can't be written: {reason}", key="--out", where=str(out)) from error
    return 0


def migrate_now(settings: Accounts, write: Write, environ: Mapping[str, str] = os.environ) -> int:
    """Bring the tables up to date. Raises ConfigurationError."""

    async def work() -> int:
        engine = open_database(settings, environ)
        try:
            await migrate(engine)
        finally:
            await engine.dispose()
        write("the tables are up to date\n")
        return 0

    return asyncio.run(_told(work(), write))


def rotate_now(settings: Accounts, write: Write, environ: Mapping[str, str] = os.environ) -> int:
    """Seal with the first key what another one sealed. Raises ConfigurationError."""

    async def work() -> int:
        keyring = Keyring.open_all(settings.keys, environ)
        engine = open_database(settings, environ)
        try:
            return await rotate(LinkStore(engine, time.time), keyring, write)
        finally:
            await engine.dispose()

    return asyncio.run(_told(work(), write))


async def rotate(store: LinkStore, keyring: Keyring, write: Write) -> int:
    """One row at a time, each by itself: it may be broken off, and begun again, and a gateway may run beside it.

    A row that is changed meanwhile is seen again, since the gateway's first key may still be the old one. The status
    is 1 where a row's key is not configured: such rows stay as they are.
    """
    done = broken = 0
    missed = True
    while missed:
        missed, broken, after = False, 0, ""
        while links := await store.sealed_otherwise(keyring.sealing, after=after, most=BATCH):
            after = links[-1].id
            for link in links:
                try:
                    kept = await _sealed_anew(store, keyring, link)
                except SealBroken as error:
                    broken += 1
                    write(f"{link.id}: {error.detail}\n")
                    continue
                done += kept
                missed = missed or not kept
            write(f"{done} sealed with {keyring.sealing}\n")
    write(f"done: {done} sealed with {keyring.sealing}, {broken} can't be opened\n")
    return FAILED if broken else 0


async def _sealed_anew(store: LinkStore, keyring: Keyring, link: Link) -> bool:
    """False where it was changed meanwhile."""
    sealed = keyring.seal(keyring.open(link.sealed, link.id, link.column), link.id, link.column)
    return await store.replace_secret(
        link.id, link.method, sealed, keyring.sealing, version=link.version, state=link.state
    )


async def _told(work: Awaitable[int], write: Write) -> int:
    try:
        return await work
    except Unavailable as error:
        write(f"{error.detail}\n")
        return FAILED
