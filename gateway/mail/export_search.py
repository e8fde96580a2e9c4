"""What a search finds to take away: folder after folder, each from the oldest message on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType, json
from msgspec.structs import replace

from gateway.accounts.account import Account
from gateway.errors import IdExpired, NotFound, Refused
from gateway.imap.mailbox import Mailbox
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.mail.again import reading
from gateway.mail.conditions import Conditions
from gateway.mail.convoy import Carried, Life
from gateway.mail.desk import Desk
from gateway.mail.export_choice import Chosen, Export, Format, described, file_name, manifest_of, opened
from gateway.mail.export_resource import ExportManifest
from gateway.mail.look import Looker
from gateway.mail.query import Tagged
from gateway.mail.request import Request
from gateway.mail.scope import Scope, scope_of
from gateway.mail.search_request import SearchedFolders, SearchFilter
from gateway.mail.translate import Setting
from gateway.message.disposition import safe_file_name
from gateway.sync.cursor import fingerprint
from gateway.sync.export_cursor import AccountExportCursor
from gateway.sync.search_cursor import mark_of

FOLDERS: Final = 50
"""Folders that are searched for one export; it may end there, with a position to go on from."""
_TITLE: Final = "mail"


class SearchManifest(Request, kw_only=True, frozen=True):
    """What is to be taken away: the messages that a search with the same `filter` and `folders` finds."""

    filter: SearchFilter | UnsetType = UNSET
    folders: SearchedFolders | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=10_000, description="most messages in one export")] = 1000
    cursor: (
        Annotated[
            str,
            Meta(min_length=1, max_length=100, description="goes on after a message: its `cursor`, or `nextCursor`"),
        ]
        | UnsetType
    ) = UNSET


async def manifest_of_search(desk: Desk, account: Account, wanted: SearchManifest) -> Tagged[ExportManifest]:
    """What an export of the same search holds.

    Raises InvalidRequest and Unprocessable naming the member, NotFound for a folder that was named, IdExpired where
    the folder that the cursor names was rebuilt or is gone, Refused (BADCHARSET).
    """
    return manifest_of(await choose(desk, account, wanted), account)


async def open_search_export(
    desk: Desk, account: Account, wanted: SearchManifest, format_: Format, *, if_match: frozenset[str] | None
) -> Export:
    """The messages one after the other, as :func:`export_choice.opened` says. Raises as :func:`manifest_of_search`."""
    return opened(desk, account, await choose(desk, account, wanted), format_, if_match)


@reading
async def choose(desk: Desk, account: Account, wanted: SearchManifest) -> Chosen:
    conditions = Conditions.of(wanted.filter)
    printed = fingerprint(json.encode(replace(wanted, cursor=UNSET, limit=1)).decode())
    cursor = None if wanted.cursor is UNSET else AccountExportCursor.parse(wanted.cursor, fingerprint=printed)
    scope = await scope_of(desk, account, wanted.folders, conditions, most=None)
    walk = _Walk(desk, account, conditions, scope, cursor, printed)
    found, on = await walk.walked(wanted.limit)

    def after(message: Carried) -> str:
        mark = mark_of(message.life.name.wire)
        return AccountExportCursor(mark, message.life.uidvalidity, message.uid, printed).encode()

    return Chosen(_TITLE, tuple(found), _file_name, after, None if on is None else on.encode())


class _Walk(Struct, frozen=True):
    """Through the folders in the order of their marks: one that is made or renamed meanwhile moves no other."""

    desk: Desk
    account: Account
    conditions: Conditions
    scope: Scope
    cursor: AccountExportCursor | None
    printed: bytes

    async def walked(self, limit: int) -> tuple[list[Carried], AccountExportCursor | None]:
        """Up to ``limit`` messages, and where to go on; None: nothing is left."""
        names = self._names()
        found: list[Carried] = []
        for number, name in enumerate(names):
            if len(found) >= limit or number >= FOLDERS:
                return found, self._position(name, 0, 0)
            got, life, above = await self._folder(name, limit - len(found), min(len(names), FOLDERS))
            found += got
            if above is not None:
                return found, self._position(name, life.uidvalidity, above)
        return found, None

    def _names(self) -> Sequence[MailboxName]:
        """Those that are not done. Raises IdExpired where the folder that was begun is not among them."""
        ordered = sorted(self.scope.names, key=lambda name: mark_of(name.wire))
        cursor = self.cursor
        if cursor is None:
            return ordered
        left = [name for name in ordered if mark_of(name.wire) >= cursor.mark]
        if cursor.uid_above and not (left and mark_of(left[0].wire) == cursor.mark):
            raise IdExpired("the folder in which this cursor goes on is gone", field="cursor")
        return left

    async def _folder(
        self, name: MailboxName, limit: int, folders: int
    ) -> tuple[tuple[Carried, ...], Life, int | None]:
        try:
            async with self.desk.folder(self.account, name) as (session, mailbox):
                life = Life(name, mailbox.uidvalidity or 0)
                uids, above = await self._uids(session, mailbox, self._above(life), limit, folders)
                return await described(session, life, uids), life, above
        except NotFound:
            if self.scope.asked:
                raise
            return (), Life(name, 0), None  # it was deleted since it was listed

    def _above(self, life: Life) -> int:
        cursor = self.cursor
        if cursor is None or not cursor.uid_above or mark_of(life.name.wire) != cursor.mark:
            return 0
        if cursor.uidvalidity != life.uidvalidity:
            raise IdExpired("a folder was rebuilt since this cursor was given out", field="cursor")
        return cursor.uid_above

    async def _uids(
        self, session: Session, mailbox: Mailbox, above: int, limit: int, folders: int
    ) -> tuple[tuple[int, ...], int | None]:
        known = (*mailbox.flags, *(mailbox.permanent_flags or ()))
        setting = Setting(mailbox.name, self.scope.folders, known=known)
        try:
            looking = Looker(session, mailbox, self.conditions, setting, folders=folders)
            return await looking.oldest(above, limit)
        except Refused as refused:
            if refused.imap_code != "BADCHARSET":
                raise
        setting = Setting(mailbox.name, self.scope.folders, known=known, ascii_only=True)
        looking = Looker(session, mailbox, self.conditions, setting, folders=folders)
        return await looking.oldest(above, limit)

    def _position(self, name: MailboxName, uidvalidity: int, above: int) -> AccountExportCursor:
        return AccountExportCursor(mark_of(name.wire), uidvalidity, above, self.printed)


def _file_name(message: Carried) -> str:
    """In a folder of the zip for each folder, which the mark tells from any that is spelt alike."""
    name = message.life.name
    return f"{safe_file_name(name.text, fallback='folder')}-{mark_of(name.wire).hex()[:8]}/{file_name(message)}"
