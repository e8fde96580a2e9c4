"""The same change for many messages of one folder, with an outcome for each: one gone is a result, not an error."""

from __future__ import annotations

from msgspec.structs import replace

from gateway.accounts.account import Account
from gateway.imap.encode.fetch_item import Item
from gateway.mail.address import id_of_message
from gateway.mail.again import writing
from gateway.mail.desk import Desk
from gateway.mail.flags import flag_change, ignored, lacking, store
from gateway.mail.request import BulkDelete, BulkFlags, BulkMove, FlagPatch
from gateway.mail.resource import BulkResult, Outcome
from gateway.mail.roles import resolve
from gateway.mail.selection import Chosen, choose, ids_of, in_order
from gateway.mail.summary import keywords
from gateway.mail.transfer import Transferred, erase, relocate, trash_for


@writing
async def bulk_flags(desk: Desk, account: Account, ref: str, wanted: BulkFlags) -> BulkResult:
    """Change flags; each outcome carries the flags afterwards."""
    name = await resolve(desk, account, ref)
    ids = ids_of(wanted, name, desk.limits.bulk_max)
    async with desk.folder(account, name, readonly=False) as (session, mailbox):
        change = flag_change(FlagPatch(add=wanted.add, remove=wanted.remove, set=wanted.set), mailbox)
        chosen = await choose(session, mailbox, wanted, ids, desk.limits.bulk_max)
        outcomes = list(chosen.settled)
        if chosen.uids:
            await store(session, chosen.uids, change)
            fetched = (await session.fetch(chosen.uids, (Item.UID, Item.FLAGS))).messages
            now = {uid: keywords(each.flags) for uid, each in fetched.items() if each.flags is not None}
            refused = any(ignored(change, flags) for flags in now.values()) and await lacking(session, change)
            for uid in chosen.uids:
                if uid not in now:
                    outcomes.append(replace(chosen.outcome(uid, 404), type="not-found"))
                elif refused and ignored(change, now[uid]):
                    outcomes.append(replace(chosen.outcome(uid, 403), type="forbidden", flags=now[uid]))
                else:
                    outcomes.append(replace(chosen.outcome(uid), flags=now[uid]))
    return BulkResult(results=in_order(outcomes, ids))


@writing
async def bulk_move(desk: Desk, account: Account, ref: str, wanted: BulkMove) -> BulkResult:
    """Move to another folder; each outcome carries the new id where the server tells it."""
    return await _relocate(desk, account, ref, wanted, keep=False)


@writing
async def bulk_copy(desk: Desk, account: Account, ref: str, wanted: BulkMove) -> BulkResult:
    """Copy to another folder; each outcome carries the copy's id where the server tells it."""
    return await _relocate(desk, account, ref, wanted, keep=True)


@writing
async def bulk_delete(desk: Desk, account: Account, ref: str, wanted: BulkDelete) -> BulkResult:
    """Move to the trash, or remove for good where ``permanent`` or where the folder is the trash itself."""
    name = await resolve(desk, account, ref)
    ids = ids_of(wanted, name, desk.limits.bulk_max)
    trash = None if wanted.permanent else await trash_for(desk, account, name)
    async with desk.folder(account, name, readonly=False) as (session, mailbox):
        chosen = await choose(session, mailbox, wanted, ids, desk.limits.bulk_max)
        if not chosen.uids:
            moved = Transferred(None, {})
        elif trash is None:
            await erase(session, mailbox, chosen.uids)
            moved = Transferred(None, {})
        else:
            moved = await relocate(session, mailbox, chosen.uids, trash, keep=False)
    return BulkResult(results=in_order((*chosen.settled, *_outcomes(chosen, moved)), ids))


async def _relocate(desk: Desk, account: Account, ref: str, wanted: BulkMove, *, keep: bool) -> BulkResult:
    name = await resolve(desk, account, ref)
    ids = ids_of(wanted, name, desk.limits.bulk_max)
    target = await resolve(desk, account, wanted.folder)
    async with desk.folder(account, name, readonly=keep) as (session, mailbox):
        chosen = await choose(session, mailbox, wanted, ids, desk.limits.bulk_max)
        moved = Transferred(target, {})
        if chosen.uids:
            moved = await relocate(session, mailbox, chosen.uids, target, keep=keep)
    return BulkResult(results=in_order((*chosen.settled, *_outcomes(chosen, moved)), ids))


def _outcomes(chosen: Chosen, moved: Transferred) -> list[Outcome]:
    outcomes = []
    for uid in chosen.uids:
        outcome = chosen.outcome(uid)
        if moved.target is not None and uid in moved.new:
            outcome = replace(outcome, new_id=id_of_message(moved.target, *moved.new[uid]))
        outcomes.append(outcome)
    return outcomes
