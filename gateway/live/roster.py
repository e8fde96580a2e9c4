"""The list of an account's folders, and telling the streams of a whole account what changed in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from gateway.imap.name import MailboxName
from gateway.imap.response import Listed, Namespaces
from gateway.imap.session import ListedFolder, Session
from gateway.live.first_look import FirstLook
from gateway.live.mark import Mark
from gateway.live.stream import Stream, Told
from gateway.mail.account_changes import listing
from gateway.mail.address import name_of_folder
from gateway.mail.folder_changes import FolderDifference, folder_changes
from gateway.mail.resource import Folder, FolderChanges
from gateway.sync.account_state import KnownFolder

Values = Mapping[str, int | str]


class Roster:
    """Streams in ``owed`` hear of the list first, and of no folder before: what a folder's name means may change."""

    def __init__(self) -> None:
        self.wanted = False
        self.due = False
        self.first = FirstLook()
        self.owed: set[Stream] = set()
        self.folders: dict[MailboxName, Folder] = {}
        self._known: Mapping[bytes, KnownFolder] = {}
        self._listed: Sequence[ListedFolder] = ()
        self._namespaces = Namespaces()
        self._said: set[MailboxName] | None = None

    async def read(self, session: Session) -> dict[MailboxName, Values]:
        """What STATUS says of each folder, of one moment. No folder is open afterwards.

        Raises Unprocessable where there are more folders than a token holds.
        """
        self.due, self._said = False, set()
        try:
            listed, namespaces = await listing(session)
        finally:
            self._said = None
        all_of_it = folder_changes(None, listed, namespaces)
        self._listed, self._namespaces = listed, namespaces
        self._known = all_of_it.state.folders
        self.folders = {name_of_folder(folder.id): folder for folder in all_of_it.seen}
        self.first.take()
        return {each.listed.name: each.status.values for each in listed if each.status is not None}

    def said(self, listed: Listed) -> bool:
        """Whether this may be news although it came while a LIST of ours was under way: both are in the same words.

        While the whole list is read, news are what is said twice. While a LIST asks for one name, such as one that
        could not be opened, news are what is not known yet.
        """
        if self._said is None:
            known = self.folders.get(listed.name)
            return known is None or known.may_select == ("\\nonexistent" in listed.attributes)
        twice = listed.name in self._said
        self._said.add(listed.name)
        return twice

    def known(self) -> Mapping[bytes, KnownFolder]:
        """All folders, as a client knows them that has none of their messages."""
        return self._known

    def tell(self, streams: Iterable[Stream], passed: Iterable[MailboxName] = ()) -> list[Stream]:
        """Tell what is different from what each client knows; those that may hear of folders again now.

        ``passed``: what STATUS said of these is of before their last look.
        """
        old = set(passed)
        listed = [replace(each, status=None) if each.listed.name in old else each for each in self._listed]
        differences: dict[Mark, tuple[FolderDifference, Mark]] = {}
        told = []
        for stream in streams:
            if not stream.room(None):
                self.owed.add(stream)
                continue
            if stream.mark not in differences:
                differences[stream.mark] = self._difference(stream.mark, listed)
            difference, mark = differences[stream.mark]
            if _tells(difference.told):
                stream.offer(Told(difference.told, mark, None))
                told.append(stream)
            elif stream in self.owed:
                told.append(stream)
            self.owed.discard(stream)
        return told

    def _difference(self, mark: Mark, listed: Sequence[ListedFolder]) -> tuple[FolderDifference, Mark]:
        difference = folder_changes(mark.account, listed, self._namespaces)
        renamed = {renaming.new: renaming.old for renaming in difference.renamings}
        return difference, mark.relisted(difference.state, renamed)


def _tells(told: FolderChanges) -> bool:
    return bool(told.created or told.updated or told.renamed or told.destroyed)
