"""The conversation that a message belongs to, across the folders that conversations are in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gateway.accounts.account import Account
from gateway.errors import NotFound
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.mail.address import check_validity, id_of_folder, parse_message
from gateway.mail.again import reading
from gateway.mail.desk import Desk
from gateway.mail.gathering import Gathering
from gateway.mail.letter import Letter, Place, letter, letter_items
from gateway.mail.messages import fetch_one
from gateway.mail.resource import MessageSummary
from gateway.mail.roles import assign_roles
from gateway.mail.thread_resource import Basis, Thread

ROUNDS: Final = 3
"""How often all folders are looked through: what is found in one may name messages that are in another."""
_ROLES: Final = ("inbox", "sent", "archive")


@reading
async def thread(desk: Desk, account: Account, message_id: str, *, limit: int) -> Thread:
    """The conversation, oldest first, ``limit`` messages at the most: the newest of it, and the one that was named.

    It is looked for in the message's folder, the inbox, the sent and the archived mail (on Gmail: all mail).
    Raises NotFound, IdExpired, InvalidRequest.
    """
    name, wanted = parse_message(message_id)
    place = Place(name, wanted.uidvalidity, wanted.uid)
    others = await _folders(desk, account, name)
    async with desk.folder(account, name) as (session, mailbox):
        check_validity(mailbox, wanted.uidvalidity)
        start = letter(place, await fetch_one(session, wanted.uid, tuple(letter_items(session))))
        found = Gathering(place, start, _basis(session, start))
        await found.look(session, mailbox)
    looked = await _look_around(desk, account, found, place, others)
    shown, whole = _newest([one.summary for one in found.members()], start.summary, limit)
    return Thread(
        messages=shown,
        basis=found.basis,
        complete=found.complete and whole,
        folders=[id_of_folder(one) for one in looked],
    )


async def _look_around(
    desk: Desk, account: Account, found: Gathering, place: Place, others: Sequence[MailboxName]
) -> list[MailboxName]:
    """Look through the other folders, and through all again while anything new turns up. Those that were read."""
    around = list(others)
    looked = [place.folder, *around]
    for turn in range(ROUNDS):
        new = False
        for name in around:
            try:
                async with desk.folder(account, name) as (session, mailbox):
                    new = await found.look(session, mailbox) or new
            except NotFound:
                looked.remove(name)  # deleted meanwhile, or not to be opened
                found.complete = False
        if not new or found.basis in ("threadId", "gmail"):
            return looked
        around = list(looked)
        if turn == ROUNDS - 1:
            found.complete = False
    return looked


def _basis(session: Session, start: Letter) -> Basis:
    """The best that the server offers for this message."""
    able = session.capabilities
    if able.has("OBJECTID") and start.summary.thread_id:
        return "threadId"
    if able.has("X-GM-EXT-1") and start.gm_thrid:
        return "gmail"
    if able.has("THREAD=REFS"):
        return "refs"
    return "references" if able.has("THREAD=REFERENCES") else "headers"


async def _folders(desk: Desk, account: Account, own: MailboxName) -> list[MailboxName]:
    """Where else conversations are."""
    async with desk.session(account) as session:
        assigned = assign_roles(await session.list(), await session.namespace())
        roles = {role: name for name, role in assigned.items()}
        wanted = ("all",) if session.capabilities.has("X-GM-EXT-1") and "all" in roles else _ROLES
    return [roles[role] for role in wanted if role in roles and roles[role] != own]


def _newest(found: list[MessageSummary], start: MessageSummary, limit: int) -> tuple[list[MessageSummary], bool]:
    if len(found) <= limit:
        return found, True
    kept = found[-limit:]
    if all(one.id != start.id for one in kept):
        kept = [start, *kept[1:]]
    return kept, False
