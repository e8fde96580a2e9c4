"""One folder's part in a search."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from gateway.accounts.account import Account
from gateway.errors import IdExpired, NotFound, Refused
from gateway.imap.encode.search_key import SeqIn
from gateway.imap.mailbox import Mailbox
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.uids import SequenceSet, UidSet
from gateway.mail.conditions import Conditions
from gateway.mail.desk import Desk
from gateway.mail.find import find
from gateway.mail.look import Looker
from gateway.mail.merge import Lead, start
from gateway.mail.order import newest, ordered
from gateway.mail.recall import Recall
from gateway.mail.resource import MessageSummary
from gateway.mail.scope import Scope
from gateway.mail.search_request import Search
from gateway.mail.search_result import Snippet
from gateway.mail.snapshot import refresh
from gateway.mail.snippet import Terms, snippets
from gateway.sync.search_cursor import SearchCursor


class Asked(Struct, frozen=True):
    """One request, made ready. ``names``: the folders to visit."""

    search: Search
    conditions: Conditions
    scope: Scope
    cursor: SearchCursor | None
    names: tuple[MailboxName, ...]

    @property
    def alone(self) -> bool:
        return len(self.names) == 1


class Shown(Struct, frozen=True):
    """Messages by UID, and their snippets where they were asked for."""

    messages: dict[int, MessageSummary] = field(default_factory=dict)
    snippets: dict[int, Snippet] = field(default_factory=dict)


class Visit(Struct, frozen=True):
    """What a folder said; ``lead`` is None where there is nothing left in it.

    ``total``: None where it was not counted. ``whole``: all that match were sorted. ``shown``: the first of the
    lead, where it is the only folder.
    """

    lead: Lead | None = None
    total: int | None = None
    whole: bool = True
    fuzzy: bool = False
    shown: Shown | None = None


async def visit(desk: Desk, account: Account, asked: Asked, name: MailboxName) -> Visit:
    """Raises InvalidRequest, NotFound for a folder that the caller named, IdExpired, Refused (BADCHARSET)."""
    try:
        async with desk.stale(account, name) as session:
            mailbox = await refresh(session)
            try:
                return await _Folder(desk, account, asked, session, mailbox, ascii_only=False).searched()
            except Refused as refused:
                if refused.imap_code != "BADCHARSET":
                    raise
                return await _Folder(desk, account, asked, session, mailbox, ascii_only=True).searched()
    except NotFound:
        if asked.scope.asked:
            raise
        return Visit(total=0)  # it was deleted since it was listed


async def show(desk: Desk, account: Account, asked: Asked, lead: Lead, uids: Sequence[int]) -> Shown:
    """The messages of a folder that was visited before; fewer where some are gone, none where it was rebuilt."""
    try:
        async with desk.folder(account, lead.name) as (session, mailbox):
            if (mailbox.uidvalidity or 0) != lead.place.uidvalidity:
                return Shown()
            return await _shown(desk, account, asked, session, mailbox, uids)
    except NotFound:
        return Shown()


class _Folder(Struct, frozen=True):
    """``mailbox`` is open. ``ascii_only``: the server refused the charset."""

    desk: Desk
    account: Account
    asked: Asked
    session: Session
    mailbox: Mailbox
    ascii_only: bool

    @property
    def fuzzy(self) -> bool:
        return self.asked.search.fuzzy and self.session.capabilities.has("SEARCH=FUZZY")

    def looking(self, also: UidSet) -> Looker:
        mailbox, asked = self.mailbox, self.asked
        setting = replace(
            asked.scope.setting(mailbox.name),
            known=(*mailbox.flags, *(mailbox.permanent_flags or ())),
            fuzzy=self.fuzzy,
            ascii_only=self.ascii_only,
        )
        return Looker(self.session, mailbox, asked.conditions, setting, folders=len(asked.names), also=also)

    async def searched(self) -> Visit:
        wanted, asked, mailbox = self.asked.search, self.asked, self.mailbox
        total = await self.looking(UidSet()).count() if wanted.calculate_total else None
        place = start(mailbox.name, mailbox.uidvalidity or 0, await self._top())
        if asked.cursor is not None:
            held = asked.cursor.of(mailbox.name.wire)
            if held is None:
                return Visit(total=total, fuzzy=self.fuzzy)
            if held.uidvalidity != place.uidvalidity:
                raise IdExpired("a folder was rebuilt since this cursor was given out", field="cursor")
            place = held
        limit, alone, whole = wanted.limit, asked.alone, True
        if wanted.sort:
            lead, whole = await ordered(self.session, mailbox, self.looking, place, limit, wanted.sort, alone=alone)
        else:
            lead = await newest(self.session, mailbox.name, self.looking(UidSet()), place, limit, alone=alone)
        first = [hit.uid for hit in lead.hits[:limit]] if alone else []
        shown = await _shown(self.desk, self.account, asked, self.session, mailbox, first) if alone else None
        return Visit(lead, total, whole, self.fuzzy, shown)

    async def _top(self) -> int:
        """UIDNEXT; where SELECT did not tell it, one more than the last UID."""
        if self.mailbox.uidnext is not None:
            return self.mailbox.uidnext
        if not self.mailbox.exists:
            return 1
        return max(await find(self.session, SeqIn(SequenceSet.of((self.mailbox.exists,)))), default=0) + 1


async def _shown(
    desk: Desk, account: Account, asked: Asked, session: Session, mailbox: Mailbox, uids: Sequence[int]
) -> Shown:
    if not uids:
        return Shown()
    recall = Recall(desk.summaries, account, session, mailbox)
    messages = {uid: recall.summary(fetched) for uid, fetched in (await recall.fetch(UidSet.of(uids))).items()}
    if not asked.search.snippets:
        return Shown(messages)
    return Shown(messages, await snippets(session, Terms.of(asked.conditions), messages))
