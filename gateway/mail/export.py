"""A folder's messages to take away: a manifest of them, and their octets as an mbox or a zip."""

from __future__ import annotations

from msgspec import Struct, field

from gateway.accounts.account import Account
from gateway.errors import IdExpired
from gateway.mail.again import reading
from gateway.mail.convoy import Carried, Life
from gateway.mail.desk import Desk
from gateway.mail.export_choice import Chosen, Export, Format, described, file_name, manifest_of, opened
from gateway.mail.export_resource import ExportManifest
from gateway.mail.filter import filter_fingerprint, plan
from gateway.mail.query import Tagged
from gateway.mail.request import Filter
from gateway.mail.rising import rising
from gateway.mail.roles import resolve
from gateway.sync.export_cursor import ExportCursor


class ExportQuery(Struct, frozen=True):
    """The ``limit`` oldest messages after ``cursor`` that pass ``filter``."""

    limit: int = 1000
    cursor: str | None = None
    filter: Filter = field(default_factory=Filter)


async def manifest(desk: Desk, account: Account, ref: str, query: ExportQuery) -> Tagged[ExportManifest]:
    """What an export of the same query holds. Raises NotFound, InvalidRequest, IdExpired."""
    return manifest_of(await choose(desk, account, ref, query), account)


async def open_export(
    desk: Desk, account: Account, ref: str, query: ExportQuery, format_: Format, *, if_match: frozenset[str] | None
) -> Export:
    """The messages one after the other, oldest first, as :func:`export_choice.opened` says.

    Raises NotFound, InvalidRequest, IdExpired, and PreconditionFailed where it holds other messages than ``if_match``.
    """
    return opened(desk, account, await choose(desk, account, ref, query), format_, if_match)


@reading
async def choose(desk: Desk, account: Account, ref: str, query: ExportQuery) -> Chosen:
    name = await resolve(desk, account, ref)
    search, fingerprint = plan(query.filter), filter_fingerprint(query.filter)
    cursor = ExportCursor.parse(query.cursor, fingerprint=fingerprint) if query.cursor else None
    async with desk.folder(account, name) as (session, mailbox):
        life = Life(name, mailbox.uidvalidity or 0)
        if cursor is not None and cursor.uidvalidity != life.uidvalidity:
            raise IdExpired("the folder was rebuilt since this cursor was given out", field="cursor")
        uids, above = await rising(session, mailbox, cursor.uid_above if cursor else 0, query.limit, search)
        carried = await described(session, life, uids)

    def after(message: Carried) -> str:
        return ExportCursor(life.uidvalidity, message.uid, fingerprint).encode()

    on = None if above is None else ExportCursor(life.uidvalidity, above, fingerprint).encode()
    return Chosen(name.text, carried, file_name, after, on)
