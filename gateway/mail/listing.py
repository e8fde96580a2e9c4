"""A page as it is sent: JSON from the start, and not made again while the folder is as it was.

The caller's own session has the folder open and has just been told its state; where that has mod-sequences, the page of
a state is always the same (it is what an entity tag says of it), so what was made of it before is sent again.
"""

from __future__ import annotations

from typing import Final

from msgspec import Raw
from msgspec.json import Encoder

from gateway.accounts.account import Account
from gateway.mail.again import reading
from gateway.mail.desk import Desk
from gateway.mail.opening import still_there
from gateway.mail.pages import Listed
from gateway.mail.query import PageQuery, Tagged
from gateway.mail.recall import Recall
from gateway.mail.resource import Resource
from gateway.mail.roles import resolve
from gateway.mail.standing import standing, window_of

_encode: Final = Encoder().encode


class _Rows(Resource, kw_only=True, frozen=True):
    """A MessagePage whose summaries are JSON already."""

    messages: list[Raw]
    next_cursor: str | None
    state: str
    total: int | None


@reading
async def listing(desk: Desk, account: Account, ref: str, query: PageQuery) -> Tagged[Listed]:
    """The same as ``messages.page()``, as JSON; previews only where the mail server has them."""
    name = await resolve(desk, account, ref)
    pages = desk.summaries.pages
    async with desk.stale(account, name) as session:
        stand = await standing(session, account, query)
        if stand.exact and stand.etag in query.if_none_match:
            return Tagged(None, stand.etag)
        key = (stand.etag, stand.mailbox.mailbox_id)  # some servers give a UIDVALIDITY out again, no id
        if stand.exact and (known := pages.get(key)) is not None:
            return Tagged(known, stand.etag)
        recall = Recall(desk.summaries, account, session, stand.mailbox)
        window = await window_of(session, stand, query, recall)
        await still_there(session, stand.mailbox, stand.state.exists)
        rows = [Raw(recall.row(fetched)) for fetched in window.messages]
    etag = stand.tag_of(window)
    if etag in query.if_none_match:
        return Tagged(None, etag)
    next_cursor = stand.cursor_of(window)
    value = _Rows(messages=rows, next_cursor=next_cursor, state=stand.state.encode(), total=stand.total)
    made = Listed(_encode(value), next_cursor)
    if stand.exact and recall.lasting:
        pages.put(key, made)
    return Tagged(made, etag)
