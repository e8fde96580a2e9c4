"""News of the folder list that a server tells while a LIST of ours is under way (RFC 5465 section 5.4)."""

from __future__ import annotations

from typing import cast

from gateway.imap.capability import Capabilities
from gateway.imap.name import MailboxName
from gateway.imap.response import Listed, Namespaces
from gateway.imap.session import ListedFolder, Session
from gateway.live.roster import Roster

INBOX = Listed(frozenset(), "/", MailboxName(b"INBOX"))
NEW = Listed(frozenset(), "/", MailboxName(b"New"))
GONE = Listed(frozenset({"\\nonexistent"}), "/", MailboxName(b"INBOX"))


class Lister:
    """A session that lists INBOX, and tells ``news`` meanwhile."""

    capabilities = Capabilities()

    def __init__(self, roster: Roster, news: tuple[Listed, ...] = ()) -> None:
        self._roster, self._news = roster, news
        self.heard: list[bool] = []

    async def unselect(self) -> None: ...

    async def namespace(self) -> Namespaces:
        return Namespaces()

    async def list(self, *, status: object) -> list[ListedFolder]:
        self.heard = [self._roster.said(listed) for listed in (INBOX, *self._news)]
        return [ListedFolder(INBOX, None, False)]


async def read(roster: Roster, *news: Listed) -> list[bool]:
    lister = Lister(roster, news)
    await roster.read(cast("Session", lister))
    return lister.heard


async def test_what_is_said_twice_while_the_list_is_read_is_news() -> None:
    assert await read(Roster(), NEW, GONE) == [False, False, True]


async def test_what_is_said_while_one_name_is_asked_for_is_news_unless_it_was_known() -> None:
    """A folder that can't be opened is asked for by its name; a folder that was made meanwhile went unheard."""
    roster = Roster()
    await read(roster)
    assert [roster.said(listed) for listed in (INBOX, NEW, GONE)] == [False, True, True]
