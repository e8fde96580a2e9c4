"""Mailboxes: what there is, how it is, and making, renaming and deleting them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import LocalError, Refused
from gateway.imap.encode.arg import Arg, ListPattern, mailbox, pattern, status_items
from gateway.imap.encode.command import list_returns, list_selection
from gateway.imap.name import MailboxName
from gateway.imap.response import Listed, Namespaces, Status, Tagged
from gateway.imap.rights import told
from gateway.imap.routing import Single
from gateway.imap.routing_folders import Listing, StatusOf
from gateway.imap.session_acl import Sharing

# STATUS items that need a capability; one of the names is enough.
_NEEDS: Final = {
    "HIGHESTMODSEQ": ("CONDSTORE", "QRESYNC"),
    "SIZE": ("STATUS=SIZE",),
    "MAILBOXID": ("OBJECTID",),
    "DELETED": ("STATUS=DELETED", "QUOTA=RES-MESSAGE"),
    "DELETED-STORAGE": ("QUOTA=RES-STORAGE",),
    "APPENDLIMIT": ("APPENDLIMIT",),
}


class ListedFolder(Struct, frozen=True):
    """One mailbox. ``status`` is None where it was not asked for, or can't be had (``\\noselect``, no permission).

    ``rights``: the letters of RFC 4314 that the caller holds there; None likewise.
    """

    listed: Listed
    status: Status | None
    subscribed: bool
    rights: str | None = None

    @property
    def selectable(self) -> bool:
        return not self.listed.attributes & {"\\noselect", "\\nonexistent"}


# Inside the class ``list`` is the verb.
Folders: TypeAlias = list[ListedFolder]
Items: TypeAlias = list[str]
Found: TypeAlias = list[Listed]


class Foldering(Sharing):
    _namespaces: Namespaces | None = None

    async def list(
        self,
        what: ListPattern | None = None,
        *,
        status: Sequence[str] = (),
        reference: MailboxName | None = None,
        subscribed_only: bool = False,
        rights: bool = False,
    ) -> Folders:
        """Mailboxes that match ``what`` (default: all), each with its ``status`` items as far as the server has them,
        and the caller's ``rights`` where it has ACL.

        One round trip with LIST-EXTENDED, LIST-STATUS and LIST-MYRIGHTS; else LIST and LSUB in flight together, then
        the STATUS, then the MYRIGHTS commands in flight together.
        """
        items = self._possible(status)
        args = (mailbox(reference or MailboxName(b"")), pattern(what or ListPattern.all()))
        if self.capabilities.has("LIST-EXTENDED"):
            with_rights = rights and self.capabilities.has("LIST-MYRIGHTS")
            folders = await self._list_extended(args, items, subscribed_only, rights=with_rights)
        else:
            with_rights = False
            folders = await self._list_plain(args, items, subscribed_only)
        if with_rights or not rights or not self.capabilities.has("ACL"):
            return folders
        known = await self.my_rights_of([folder.listed.name for folder in folders if folder.selectable])
        return [replace(folder, rights=known.get(folder.listed.name)) for folder in folders]

    def _possible(self, status: Sequence[str]) -> Items:
        return [item for item in status if item not in _NEEDS or any(map(self.capabilities.has, _NEEDS[item]))]

    async def _list_extended(self, args: tuple[Arg, Arg], items: Items, only: bool, *, rights: bool) -> Folders:
        options = ["SUBSCRIBED", "CHILDREN"]
        if self.capabilities.has("SPECIAL-USE"):
            options.append("SPECIAL-USE")
        if rights:
            options.append("MYRIGHTS")
        with_status = bool(items) and self.capabilities.has("LIST-STATUS")
        returns = list_returns(options, status=status_items(items) if with_status else None)
        selection = (list_selection("SUBSCRIBED"),) if only else ()
        want = Listing(status=with_status, rights=rights)
        await self._run("LIST", *selection, *args, returns, want=want)
        found = self._answered(want.listed)
        statuses: dict[MailboxName, Status | None] = dict(want.statuses)
        if items:
            found = await self._add_statuses(found, items, statuses)
        old = self.capabilities.old_rights
        held = {name: told(letters, old=old) for name, letters in want.rights.items()}
        return [
            ListedFolder(
                listed,
                statuses.get(listed.name),
                only or "\\subscribed" in listed.attributes,
                held.get(listed.name),
            )
            for listed in found
        ]

    async def _list_plain(self, args: tuple[Arg, Arg], items: Items, only: bool) -> Folders:
        listing, subscriptions = Listing(), Listing(lsub=True)
        await self._finish_all(
            [self._start("LIST", *args, want=listing), self._start("LSUB", *args, want=subscriptions)]
        )
        # \Noselect in LSUB: not subscribed itself, but something below it is (RFC 3501 section 6.3.9).
        subscribed = {each.name for each in subscriptions.listed if "\\noselect" not in each.attributes}
        found = [each for each in self._answered(listing.listed) if not only or each.name in subscribed]
        statuses: dict[MailboxName, Status | None] = {}
        if items:
            found = await self._add_statuses(found, items, statuses)
        return [ListedFolder(each, statuses.get(each.name), each.name in subscribed) for each in found]

    def _answered(self, listed: Found) -> Found:
        """The first of each name, for Dovecot and others repeat one that is in two namespaces; without what is news."""
        once = {each.name: each for each in reversed(listed) if not self._misspelt(each.name)}
        return list(once.values())[::-1]

    async def _add_statuses(self, found: Found, items: Items, statuses: dict[MailboxName, Status | None]) -> Found:
        r"""Those that are not there yet, all in flight together; a mailbox that refuses, such as one just deleted, has
        none. Returns the mailboxes again.

        Dovecot lists a deleted one that has others below it as if it were there. So what has others below it, and is
        refused as not there (2.4) or without a reason (2.3), is ``\\nonexistent`` (RFC 9051 section 7.3.1).
        """
        names = [
            each.name
            for each in found
            if each.name not in statuses and not each.attributes & {"\\noselect", "\\nonexistent"}
        ]
        wants = [StatusOf(name) for name in names]
        asked = status_items(items)
        pendings = [
            self._start("STATUS", mailbox(name), asked, want=want) for name, want in zip(names, wants, strict=True)
        ]
        try:
            answers = [await self._wire.answer(pending) for pending in pendings]
        finally:
            for pending in pendings:
                self._wire.abandon(pending)
        statuses |= {name: want.status for name, want in zip(names, wants, strict=True)}
        refused = {name for name, tagged in zip(names, answers, strict=True) if _not_there(tagged)}
        parents = {each.name.parent(each.delimiter) for each in found}
        return [_nonexistent(each) if each.name in refused & parents else each for each in found]

    async def status(self, name: MailboxName, items: Sequence[str]) -> Status:
        """``items`` as far as the server has them; Refused, NONEXISTENT where there is no such mailbox."""
        want = StatusOf(name)
        await self._run_on(name, "STATUS", mailbox(name), status_items(self._possible(items)), want=want)
        return want.status or Status(name, {})

    async def namespace(self) -> Namespaces:
        """RFC 2342; asked for once. Without NAMESPACE: one personal one without prefix, its delimiter from LIST."""
        if self._namespaces is None:
            self._namespaces = await self._ask_namespace()
        return self._namespaces

    async def _ask_namespace(self) -> Namespaces:
        if self.capabilities.has("NAMESPACE"):
            want = Single(Namespaces)
            await self._run("NAMESPACE", want=want)
            if want.value is not None:
                return want.value
        listing = Listing()
        nothing = MailboxName(b"")
        await self._run("LIST", mailbox(nothing), pattern(ListPattern.exact(nothing)), want=listing)
        delimiter = listing.listed[0].delimiter if listing.listed else None
        return Namespaces(personal=((b"", delimiter),))

    async def create(self, name: MailboxName) -> None:
        """Raises Refused, ALREADYEXISTS where there is such a mailbox."""
        try:
            await self._run("CREATE", mailbox(name))
        except Refused as refusal:
            raise await self._explained_new(refusal, name) from refusal

    async def delete(self, name: MailboxName) -> None:
        """Raises LocalError for the mailbox that is selected here: servers disagree on what that does."""
        if self._mailbox is not None and self._mailbox.name == name:
            raise LocalError("the selected mailbox can't be deleted: unselect it")
        self._names_change()
        await self._run_on(name, "DELETE", mailbox(name), needs="x")

    async def rename(self, name: MailboxName, to: MailboxName) -> None:
        """Mailboxes below it go with it. Raises LocalError for the one that is selected here."""
        if self._mailbox is not None and self._mailbox.name == name:
            raise LocalError("the selected mailbox can't be renamed: unselect it")
        self._names_change()
        try:
            await self._run_on(name, "RENAME", mailbox(name), mailbox(to), needs="x")
        except Refused as refusal:
            raise await self._explained_new(refusal, to) from refusal

    def _names_change(self) -> None:
        """The selected mailbox may be below the other, and go with it."""
        if self._mailbox is not None:
            self._mailbox.kept = False

    async def subscribe(self, name: MailboxName) -> None:
        await self._run("SUBSCRIBE", mailbox(name))

    async def unsubscribe(self, name: MailboxName) -> None:
        await self._run("UNSUBSCRIBE", mailbox(name))


def _not_there(tagged: Tagged) -> bool:
    return tagged.status == "NO" and (tagged.code is None or tagged.code.name == "NONEXISTENT")


def _nonexistent(listed: Listed) -> Listed:
    return msgspec.structs.replace(listed, attributes=listed.attributes | {"\\nonexistent"})
