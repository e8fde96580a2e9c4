"""Where a page stands: the folder's state at one moment, the position in it, and the tag that stands for both."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from gateway.accounts.account import Account
from gateway.errors import IdExpired
from gateway.imap.mailbox import Mailbox
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from gateway.mail.filter import filter_fingerprint, plan
from gateway.mail.query import PageQuery, entity_tag
from gateway.mail.recall import Recall
from gateway.mail.snapshot import refresh, state_of, sync_mode
from gateway.mail.summary import keywords
from gateway.mail.window import Window, matching, newest
from gateway.sync.cursor import Cursor
from gateway.sync.state import FolderState


class Standing(Struct, frozen=True):
    """``below``: the page's messages have lesser UIDs. ``etag`` is of all that decides what is on the page.

    ``exact``: the state tells of each change of flags, so that nothing else does; without CONDSTORE a HIGHESTMODSEQ may
    stand still. ``total``: messages of the folder, where they are not chosen among.
    """

    mailbox: Mailbox
    state: FolderState
    below: int
    query_print: bytes
    etag: str
    exact: bool
    total: int | None

    def tag_of(self, window: Window) -> str:
        """The entity tag of the page that is this window."""
        if self.exact:
            return self.etag
        return entity_tag(self.etag, *(f"{m.uid}{keywords(m.flags or ())}" for m in window.messages))

    def cursor_of(self, window: Window) -> str | None:
        """Where the next page begins; None: there is none."""
        below = window.below
        return None if below is None else Cursor(self.state.uidvalidity, below, self.query_print).encode()


async def standing(session: Session, account: Account, query: PageQuery, variant: str = "") -> Standing:
    """Refreshes the open folder. ``variant`` names what is shown of each message.

    Raises IdExpired where the cursor is of a folder that was rebuilt since, InvalidRequest where it is none.
    """
    query_print = filter_fingerprint(query.filter)
    cursor = Cursor.parse(query.cursor, fingerprint=query_print) if query.cursor else None
    mailbox = await refresh(session)
    state = await state_of(session)
    if cursor and cursor.uidvalidity != state.uidvalidity:
        raise IdExpired("the folder was rebuilt since this cursor was given out", field="cursor")
    below = cursor.uid_below if cursor else state.uidnext
    shown = (variant, "previews" if query.previews else "")
    tag = _tag.__wrapped__ if state.samples else _tag  # which are not worth their memory
    etag = tag(account.id, mailbox.name.wire, state, query.limit, below, query_print, shown)
    total = state.exists if plan(query.filter) is None else None
    return Standing(mailbox, state, below, query_print, etag, sync_mode(session) != "window", total)


@lru_cache(maxsize=4096)
def _tag(
    account_id: str, wire: bytes, state: FolderState, limit: int, below: int, query_print: bytes, shown: tuple[str, ...]
) -> str:
    """``wire``: the folder's name. Where it is renamed its messages have other ids."""
    whose = (account_id, wire.decode("latin-1"))
    return entity_tag(*whose, state.encode(), str(limit), str(below), query_print.hex(), *filter(None, shown))


async def window_of(session: Session, stand: Standing, query: PageQuery, recall: Recall) -> Window:
    """The messages of the page."""
    search = plan(query.filter)
    if search is None:
        return await newest(session, stand.mailbox, stand.below, query.limit, recall.fetch)
    uids, go_on = await matching(
        session, stand.mailbox, stand.below, query.limit, search.key, step=search.step, most=search.most
    )
    got = await recall.fetch(UidSet.of(uids)) if uids else {}
    return Window(tuple(got[uid] for uid in uids if uid in got), go_on)
