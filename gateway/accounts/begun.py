"""Links that were begun at a provider: what has to be remembered until the browser, and then the client, comes back.

Two stages, each opened once by a random word of its own: `asked` by the ``state`` that the provider sends back,
`granted` by the code that the client shows together with its own token. The words are kept by their digest, what
belongs to them is sealed.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Literal, cast

import msgspec
from msgspec import Struct
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.accounts.keyring import Keyring
from gateway.accounts.link import Owned, owner_digest
from gateway.accounts.link_store import unusable
from gateway.accounts.tables import LINKING
from gateway.errors import TooManyRequests
from gateway.secret import Secret

SECONDS: Final = 600.0
"""How long a person may take to sign in at the provider; and the client to finish after that."""
PER_OWNER: Final = 10
Stage = Literal["asked", "granted"]


class Kept(Struct, kw_only=True, frozen=True):
    """What is sealed. ``verifier`` and ``nonce`` while asked; ``refresh_token`` and ``subject`` once granted."""

    verifier: str = ""
    nonce: str = ""
    refresh_token: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """``owner`` is the digest of who began it (``owner_digest``)."""

    owner: str
    provider: str
    return_to: str
    address: str | None = field(default=None, repr=False)
    kept: Kept = field(repr=False)


def new_word() -> str:
    """256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


def digest_of(word: str) -> str:
    return sha256(word.encode("utf-8", "surrogatepass")).hexdigest()


class BegunStore:
    """In the same database as the links, so that any replica can go on. ``clock``: seconds since the epoch."""

    def __init__(self, engine: AsyncEngine, keyring: Keyring, clock: Callable[[], float]) -> None:
        self._engine, self._keyring, self._clock = engine, keyring, clock

    async def put(self, stage: Stage, begun: Begun) -> tuple[str, float]:
        """The word that opens it, once, and until when. Raises TooManyRequests, Unavailable."""
        word, now = new_word(), self._clock()
        digest = digest_of(word)
        sealed = self._keyring.seal(Secret(msgspec.json.encode(begun.kept).decode()), digest, stage)
        values = {
            "digest": digest, "owner": begun.owner, "provider": begun.provider, "return_to": begun.return_to,
            "address": begun.address, "stage": stage, "secrets": sealed, "expires_at": now + SECONDS,
        }  # fmt: skip
        async with self._transaction() as connection:
            await connection.execute(delete(LINKING).where(LINKING.c.expires_at <= now))
            counted = select(func.count()).select_from(LINKING).where(LINKING.c.owner == begun.owner)
            if (await connection.execute(counted)).scalar_one() >= PER_OWNER:
                raise TooManyRequests("too many of your links were begun and not finished", retry_after=60)
            await connection.execute(insert(LINKING).values(values))
        return word, now + SECONDS

    async def take(self, stage: Stage, word: str, owner: Owned | None = None) -> Begun | None:
        """What the word opens, which is gone then; None where there is none, or it is not ``owner``'s.

        Raises Unavailable, SealBroken.
        """
        digest = digest_of(word)
        asked = delete(LINKING).where(LINKING.c.digest == digest, LINKING.c.stage == stage)
        if owner is not None:
            asked = asked.where(LINKING.c.owner == owner_digest(owner))
        async with self._transaction() as connection:
            row = (await connection.execute(asked.returning(*LINKING.c))).mappings().first()
        if row is None or row["expires_at"] <= self._clock():
            return None
        kept = self._keyring.open(bytes(row["secrets"]), digest, stage)
        return Begun(
            owner=cast("str", row["owner"]), provider=row["provider"], return_to=row["return_to"],
            address=row["address"], kept=msgspec.json.decode(kept.reveal(), type=Kept),
        )  # fmt: skip

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise unusable(error) from error
