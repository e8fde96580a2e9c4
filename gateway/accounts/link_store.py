"""Linked accounts in SQL. Every question names the owner, so that no id of somebody else's finds anything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.accounts.link import COLUMNS, Link, Method, Owned, Place, State, owner_digest
from gateway.accounts.tables import LINKED
from gateway.errors import Conflict, Unavailable


class LinkStore:
    """``clock`` is in seconds since the epoch. Every method raises Unavailable where the database can't be used."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    async def of(self, owner: Owned) -> list[Link]:
        """The owner's links: the default one first, then the oldest."""
        asked = select(LINKED).where(LINKED.c.owner == owner_digest(owner))
        ordered = asked.order_by(LINKED.c.is_default.desc(), LINKED.c.created_at, LINKED.c.id)
        async with self._reading() as connection:
            return [_link(row) for row in (await connection.execute(ordered)).mappings()]

    async def get(self, link_id: str) -> Link | None:
        """A link by its id alone: for who refreshes it, never for a caller."""
        async with self._reading() as connection:
            row = (await connection.execute(select(LINKED).where(LINKED.c.id == link_id))).mappings().first()
        return None if row is None else _link(row)

    async def add(self, link: Link, *, most: int) -> None:
        """Raises Conflict where the owner has this mailbox linked, or ``most`` links, already."""
        owner = owner_digest(link)
        try:
            async with self._writing() as connection:
                counted = select(func.count()).select_from(LINKED).where(LINKED.c.owner == owner)
                if ((await connection.execute(counted)).scalar_one()) >= most:
                    raise Conflict(f"no more than {most} accounts can be linked")
                now = self._clock()
                values = {**_values(link), "owner": owner, "created_at": now, "updated_at": now, "lease_until": 0.0}
                await connection.execute(insert(LINKED).values(values))
        except IntegrityError as error:
            raise Conflict("this mailbox is linked already") from error

    async def replace_secret(
        self,
        link_id: str,
        method: Method,
        sealed: bytes,
        key_id: str,
        *,
        version: int | None = None,
        state: State = "ok",
    ) -> bool:
        """A new password or refresh token. False where the link is gone, or is another than that of ``version``."""
        columns: dict[str, Any] = dict.fromkeys(COLUMNS.values())
        columns |= {COLUMNS[method]: sealed, "method": method, "key_id": key_id, "state": state}
        return await self._change(link_id, columns, version)

    async def set_state(self, link_id: str, state: State, *, version: int | None = None) -> bool:
        """False where the link is gone, is another than that of ``version``, or was in that state."""
        return await self._change(link_id, {"state": state}, version, LINKED.c.state != state)

    async def describe(self, link: Link, *, label: str | None, is_default: bool) -> None:
        """A new label; where it becomes the default no other of the owner's is."""
        async with self._writing() as connection:
            if is_default:
                others = and_(LINKED.c.owner == owner_digest(link), LINKED.c.id != link.id)
                await connection.execute(update(LINKED).where(others).values(is_default=False))
            changed = {"label": label, "is_default": is_default, "updated_at": self._clock()}
            await connection.execute(update(LINKED).where(LINKED.c.id == link.id).values(changed))

    async def remove(self, link: Link) -> bool:
        """The row with all its secrets. False where it was gone."""
        async with self._writing() as connection:
            asked = delete(LINKED).where(LINKED.c.id == link.id, LINKED.c.owner == owner_digest(link))
            return bool((await connection.execute(asked)).rowcount)

    async def claim(self, link_id: str, holder: str, seconds: float) -> bool:
        """Whether ``holder`` alone may refresh the link now, for so long: one of all replicas."""
        now = self._clock()
        free = or_(LINKED.c.lease_holder.is_(None), LINKED.c.lease_until <= now, LINKED.c.lease_holder == holder)
        async with self._writing() as connection:
            asked = update(LINKED).where(LINKED.c.id == link_id, free)
            done = await connection.execute(asked.values(lease_holder=holder, lease_until=now + seconds))
            return bool(done.rowcount)

    async def release(self, link_id: str, holder: str) -> None:
        async with self._writing() as connection:
            asked = update(LINKED).where(LINKED.c.id == link_id, LINKED.c.lease_holder == holder)
            await connection.execute(asked.values(lease_holder=None, lease_until=0.0))

    async def sealed_otherwise(self, key_id: str, *, after: str, most: int) -> list[Link]:
        """Links that are sealed with another key, by their id, from behind ``after``."""
        asked = select(LINKED).where(LINKED.c.key_id != key_id, LINKED.c.id > after).order_by(LINKED.c.id).limit(most)
        async with self._reading() as connection:
            return [_link(row) for row in (await connection.execute(asked)).mappings()]

    async def _change(self, link_id: str, values: Mapping[str, Any], version: int | None, *more: Any) -> bool:
        asked = update(LINKED).where(LINKED.c.id == link_id, *more)
        if version is not None:
            asked = asked.where(LINKED.c.version == version)
        changed = {**values, "version": LINKED.c.version + 1, "updated_at": self._clock()}
        async with self._writing() as connection:
            return bool((await connection.execute(asked.values(changed))).rowcount)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.connect() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise unusable(error) from error

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except (SQLAlchemyError, OSError) as error:
            raise unusable(error) from error


def unusable(error: Exception) -> Unavailable:
    """Of a database's error nothing is told but its kind: it may quote what was asked."""
    return Unavailable(f"the database of linked accounts can't be used now: {type(error).__name__}")


def _values(link: Link) -> dict[str, Any]:
    place = link.place
    return {
        "id": link.id, "issuer": link.issuer, "subject": link.subject, "address": link.address,
        "username": link.username, "provider": place.provider, "host": place.host, "port": place.port,
        "tls": place.tls, "place": str(place), "label": link.label, "is_default": link.is_default,
        "method": link.method, "state": link.state, link.column: link.sealed, "key_id": link.key_id,
        "version": link.version,
    }  # fmt: skip


def _link(row: RowMapping) -> Link:
    method = cast("Method", row["method"])
    return Link(
        id=row["id"], issuer=row["issuer"], subject=row["subject"], address=row["address"],
        username=row["username"],
        place=Place(provider=row["provider"], host=row["host"], port=row["port"], tls=row["tls"]),
        method=method, sealed=bytes(row[COLUMNS[method]] or b""), key_id=row["key_id"], label=row["label"],
        is_default=row["is_default"], state=cast("State", row["state"]), version=row["version"],
        created_at=row["created_at"],
    )  # fmt: skip
