"""Changes whose new messages have the members that the client names: those of a page with `fields=`."""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from gateway.accounts.account import Account
from gateway.imap.encode.fetch_item import Item
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from gateway.mail.account_changes import account_changes
from gateway.mail.address import id_of_message
from gateway.mail.changes import changes
from gateway.mail.desk import Desk
from gateway.mail.fields import Fields
from gateway.mail.header_members import MOST_ON_PAGE, Members, header_members
from gateway.mail.previews import Beginning, beginnings, previews
from gateway.mail.resource import AccountChanges, Changes, MessageSummary
from gateway.mail.selected_message import merged, of_summary
from gateway.mail.summary import summarise


class Chosen:
    """Fetches of new messages what ``fields`` needs and nothing else, and makes their members of it."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._section = fields.section(MOST_ON_PAGE + 1)
        self._octets: dict[str, bytes] = {}
        self._begun: dict[str, Beginning] = {}

    async def show(self, session: Session, name: MailboxName, uidvalidity: int, uids: UidSet) -> list[MessageSummary]:
        """As ``fresh.Show``. The summaries have only what was asked for, and flags."""
        section = (self._section,) if self._section is not None else ()
        items = dict.fromkeys((*self._fields.items(session), Item.FLAGS, *section))
        got = (await session.fetch(uids, tuple(items))).messages
        there = {uid: got[uid] for uid in sorted(got) if uid in uids}
        shown = {uid: summarise(name, uidvalidity, fetched) for uid, fetched in there.items()}
        for uid, fetched in there.items():
            octets = fetched.sections.get(self._section.key) if self._section is not None else None
            self._octets[shown[uid].id] = octets if isinstance(octets, bytes) else b""
        if "preview" in self._fields.names:
            bare = {uid: there[uid].structure for uid, its in shown.items() if not isinstance(its.preview, str)}
            for uid, beginning in (await beginnings(session, bare) if bare else {}).items():
                self._begun[id_of_message(name, uidvalidity, uid)] = beginning
        return list(shown.values())

    async def members(self, told: Changes) -> Members:
        """The changes as JSON members."""
        summaries = await self._previewed(told.created)
        created = [of_summary(summary, self._fields) for summary in summaries]
        if self._section is not None:
            read = await header_members([self._octets[its.id] for its in summaries], MOST_ON_PAGE, self._fields)
            created = [merged(members, more) for members, more in zip(created, read, strict=True)]
        return {**_members(told), "created": created}

    async def _previewed(self, summaries: list[MessageSummary]) -> list[MessageSummary]:
        begun = dict(enumerate(self._begun.get(summary.id) for summary in summaries))
        made = await previews({at: beginning for at, beginning in begun.items() if beginning is not None})
        return [replace(summary, preview=made[at]) if at in made else summary for at, summary in enumerate(summaries)]


async def selected_changes(
    desk: Desk, account: Account, ref: str, fields: Fields, *, since: str, max_changes: int
) -> Members:
    """As ``changes.changes``."""
    chosen = Chosen(fields)
    return await chosen.members(
        await changes(desk, account, ref, since=since, max_changes=max_changes, show=chosen.show)
    )


async def selected_account_changes(
    desk: Desk, account: Account, fields: Fields, *, since: str | None, max_changes: int
) -> Members:
    """As ``account_changes.account_changes``."""
    chosen = Chosen(fields)
    told = await account_changes(desk, account, since=since, max_changes=max_changes, show=chosen.show)
    return {**_members(told), "changes": [await chosen.members(each) for each in told.changes]}


def _members(told: Changes | AccountChanges) -> Members:
    names = zip(told.__struct_fields__, told.__struct_encode_fields__, strict=True)
    values = {member: getattr(told, attribute) for attribute, member in names}
    return {member: value for member, value in values.items() if value is not UNSET}
