"""Moving old mail into another folder, a batch at a time: whatever interrupts it, doing it again goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import date
from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.structs import replace

from gateway.accounts.account import Account
from gateway.errors import Conflict, IdExpired
from gateway.imap.encode.search_key import Flagged
from gateway.imap.name import MailboxName
from gateway.imap.uids import UidSet
from gateway.mail.again import writing
from gateway.mail.desk import Desk
from gateway.mail.filter import Plan, plan
from gateway.mail.logic import all_of
from gateway.mail.request import Filter, Request
from gateway.mail.resource import Id
from gateway.mail.rising import rising
from gateway.mail.roles import resolve
from gateway.mail.transfer import relocate

BATCH: Final = 200
"""Messages that are moved at a time; between two batches others may use the connection."""


class ArchiveRun(Request, kw_only=True, frozen=True):
    """What is to be moved, and where to."""

    folder: Annotated[Id, Meta(description="folder id or role")]
    before: Annotated[date, Meta(description="mail received before this day is moved")]
    to: Annotated[Id, Meta(description="folder id or role")] = "archive"
    limit: Annotated[int, Meta(ge=1, le=100_000, description="most messages in one run")] = 10_000


class Progress(Struct, frozen=True):
    """``moved`` so far in this run; ``more``: there may be more to move; ``done``: the run is at its end."""

    moved: int
    more: bool
    done: bool


class _At(Struct, frozen=True):
    """``above``: what lies up to this UID is settled; None: all is."""

    uidvalidity: int | None
    above: int | None
    moved: int


async def archive(desk: Desk, account: Account, wanted: ArchiveRun) -> AsyncGenerator[Progress, None]:
    """Progress after each batch, the last with ``done``. The oldest go first.

    Raises NotFound, Conflict, InvalidRequest before anything is moved; later what the server's side raises,
    WriteInDoubt where the connection was lost while a batch was moved. Must be closed if left early. A cancellation
    comes after the batch that is under way.
    """
    name = await resolve(desk, account, wanted.folder)
    target = await resolve(desk, account, wanted.to)
    if name == target:
        raise Conflict("the mail is in that folder already", field="to")
    search = older(wanted.before)
    at = _At(None, 0, 0)
    while at.above is not None and at.moved < wanted.limit:
        batch = _batch(desk, account, name, target, search, at, min(BATCH, wanted.limit - at.moved))
        at = await _carried_through(asyncio.ensure_future(batch))
        done = at.above is None or at.moved >= wanted.limit
        yield Progress(at.moved, at.above is not None, done)


async def _carried_through(batch: asyncio.Future[_At]) -> _At:
    """Without MOVE a batch is copied first and removed then: between the two is no place to stop."""
    try:
        return await asyncio.shield(batch)
    except asyncio.CancelledError:
        await asyncio.wait((batch,))
        if not batch.cancelled():
            batch.exception()  # looked at; nobody is left to be told
        raise


def older(before: date) -> Plan:
    """What is marked deleted stays: where MOVE is lacking, those are the ones that an interrupted run has copied."""
    found = plan(Filter(before=before.isoformat()))
    assert found is not None
    return replace(found, key=all_of((found.key, Flagged(b"\\Deleted", present=False))))


@writing
async def _batch(
    desk: Desk, account: Account, name: MailboxName, target: MailboxName, search: Plan, at: _At, limit: int
) -> _At:
    async with desk.folder(account, name, readonly=False) as (session, mailbox):
        if at.uidvalidity is not None and mailbox.uidvalidity != at.uidvalidity:
            raise IdExpired("the folder was rebuilt meanwhile")
        uids, above = await rising(session, mailbox, at.above or 0, limit, search)
        if uids:
            await relocate(session, mailbox, UidSet.of(uids), target, keep=False)
        return _At(mailbox.uidvalidity, above, at.moved + len(uids))
