"""Flags of one message: read, and changed by adding and removing; conditional where the client says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import UNSET, Struct, UnsetType

from gateway.accounts.account import Account
from gateway.errors import Forbidden, InvalidRequest, PreconditionFailed
from gateway.imap.encode.fetch_item import Item
from gateway.imap.flags import to_flag
from gateway.imap.mailbox import Mailbox
from gateway.imap.name import MailboxName
from gateway.imap.response import Fetched
from gateway.imap.rights import for_flags
from gateway.imap.session import Session, StoreResult
from gateway.imap.uids import UidSet
from gateway.mail.address import check_validity, gone, parse_message
from gateway.mail.again import reading, writing
from gateway.mail.desk import Desk
from gateway.mail.messages import fetch_one, flags_tag, modseq
from gateway.mail.query import Tagged
from gateway.mail.request import FlagPatch
from gateway.mail.resource import Flags
from gateway.mail.summary import keywords
from gateway.sync.ids import MessageId


class FlagChange(Struct, frozen=True):
    """A change in the server's words: ``replace`` alone, or ``add`` and ``remove``."""

    add: tuple[bytes, ...] = ()
    remove: tuple[bytes, ...] = ()
    replace: tuple[bytes, ...] | None = None


@reading
async def get_flags(desk: Desk, account: Account, message_id: str) -> Tagged[Flags]:
    """The flags and the message's entity tag. Raises NotFound, IdExpired."""
    name, wanted = parse_message(message_id)
    async with desk.folder(account, name) as (session, mailbox):
        check_validity(mailbox, wanted.uidvalidity)
        return await _read(account, session, wanted.uid)


async def change_flags(
    desk: Desk, account: Account, message_id: str, patch: FlagPatch, *, if_match: frozenset[str] | None
) -> Tagged[Flags]:
    """The flags after the change. Raises NotFound, IdExpired, Forbidden in a read-only folder.

    With ``if_match`` the change is made only where the message still has one of those entity tags, else
    PreconditionFailed, which carries the flags of now: by STORE UNCHANGEDSINCE (RFC 7162 section 3.1.3), or where the
    server lacks it by a look before, which somebody else's change in between escapes.
    """
    name, wanted = parse_message(message_id)
    if if_match is None:
        return await _change(desk, account, name, wanted, patch)
    return await _change_if(desk, account, name, wanted, patch, if_match)


@writing
async def _change(
    desk: Desk, account: Account, name: MailboxName, wanted: MessageId, patch: FlagPatch
) -> Tagged[Flags]:
    async with desk.folder(account, name, readonly=False, meanwhile=True) as (session, mailbox):
        check_validity(mailbox, wanted.uidvalidity)
        return await _apply(account, session, wanted.uid, flag_change(patch, mailbox), None)


@writing
async def _change_if(
    desk: Desk, account: Account, name: MailboxName, wanted: MessageId, patch: FlagPatch, if_match: frozenset[str]
) -> Tagged[Flags]:
    async with desk.folder(account, name, readonly=False) as (session, mailbox):
        check_validity(mailbox, wanted.uidvalidity)
        change = flag_change(patch, mailbox)
        unchanged = await _condition(account, session, wanted.uid, if_match)
        return await _apply(account, session, wanted.uid, change, unchanged)


def flag_change(patch: FlagPatch, mailbox: Mailbox) -> FlagChange:
    """The patch in the server's words. Raises InvalidRequest; Forbidden where the folder is read-only."""
    if patch.set is not UNSET and (patch.add is not UNSET or patch.remove is not UNSET):
        raise InvalidRequest("either set, or add and remove", field="set")
    if mailbox.readonly:
        raise Forbidden("the folder is read-only", field="folder")
    known = (*mailbox.flags, *(mailbox.permanent_flags or ()))
    add, remove = _flags(patch.add, known), _flags(patch.remove, known)
    if patch.set is UNSET and not add and not remove:
        raise InvalidRequest("nothing to change: give add, remove or set", field="add")
    if set(add) & set(remove):
        raise InvalidRequest("a flag can't be both added and removed", field="remove")
    return FlagChange(add, remove, _flags(patch.set, known) if patch.set is not UNSET else None)


async def store(session: Session, uids: UidSet, change: FlagChange, unchanged_since: int | None = None) -> StoreResult:
    """Carry out a change."""
    return await session.store(
        uids, add=change.add, remove=change.remove, replace=change.replace, unchanged_since=unchanged_since
    )


def _flags(names: Sequence[str] | UnsetType, known: Iterable[bytes]) -> tuple[bytes, ...]:
    if isinstance(names, UnsetType):
        return ()
    return tuple(dict.fromkeys(to_flag(name, known) for name in names))


async def _condition(account: Account, session: Session, uid: int, if_match: frozenset[str]) -> int | None:
    """The MODSEQ to store under. Raises PreconditionFailed where none of the client's entity tags is the message's."""
    fetched = await fetch_one(session, uid, (Item.UID, Item.FLAGS, *modseq(session)))
    if "*" not in if_match and flags_tag(account, fetched) not in if_match:
        raise _changed(_shown(account, fetched))
    return None if "*" in if_match else fetched.modseq


async def _apply(
    account: Account, session: Session, uid: int, change: FlagChange, unchanged_since: int | None
) -> Tagged[Flags]:
    """STORE tells the new flags; a server that does not, as nothing changed or the message is gone, is asked."""
    done = await store(session, UidSet.of((uid,)), change, unchanged_since)
    if done.modified:
        raise _changed(await _read(account, session, uid))
    told = done.messages.get(uid)
    if told is None or told.flags is None or (modseq(session) and told.modseq is None):
        now = await _read(account, session, uid)
    else:
        now = _shown(account, told)
    if now.value is not None and ignored(change, now.value.flags) and await lacking(session, change):
        raise Forbidden("these flags may not be changed in this folder", field="folder")
    return now


def ignored(change: FlagChange, now: Sequence[str]) -> bool:
    """Whether nothing of the change is to be seen in the flags after it."""
    wanted = set(keywords(change.add)) | set(keywords(change.replace or ()))
    unwanted = set(keywords(change.remove))
    if change.replace is not None:
        return bool(wanted ^ set(now)) and not wanted & set(now)
    return not wanted & set(now) and unwanted <= set(now)


async def lacking(session: Session, change: FlagChange) -> bool:
    """Whether the change takes rights that are missing: a server may ignore it then (RFC 4314 section 4)."""
    needs = for_flags(None if change.replace is not None else (*change.add, *change.remove))
    return session.mailbox is not None and await session.lacks(session.mailbox.name, needs)


async def _read(account: Account, session: Session, uid: int) -> Tagged[Flags]:
    fetched = await fetch_one(session, uid, (Item.UID, Item.FLAGS, *modseq(session)))
    return _shown(account, fetched)


def _shown(account: Account, fetched: Fetched) -> Tagged[Flags]:
    if fetched.flags is None:
        raise gone()
    return Tagged(Flags(flags=keywords(fetched.flags)), flags_tag(account, fetched))


def _changed(now: Tagged[Flags]) -> PreconditionFailed:
    flags = [] if now.value is None else now.value.flags
    return PreconditionFailed("the message's flags were changed meanwhile", flags=flags, etag=now.etag)
