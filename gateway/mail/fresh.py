"""New messages since a state: the oldest first, so that one can stop after any of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec import Struct, field

from gateway.errors import StateTooOld
from gateway.imap.encode.search_key import SeqIn
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.imap.uids import SequenceSet, UidSet
from gateway.mail.find import find
from gateway.mail.resource import MessageSummary
from gateway.mail.snapshot import opened
from gateway.mail.summary import summarise, summary_items
from gateway.mail.window import count_below
from gateway.sync.ids import MessageId
from gateway.sync.state import FolderState

PASSED = 2_000
"""More that came and went than this are not named: of so many none was on a page."""
RECOUNTS = 50
"""How often messages are counted anew because others went meanwhile."""

Show: TypeAlias = Callable[[Session, MailboxName, int, UidSet], Awaitable[list[MessageSummary]]]
"""The summaries of some UIDs of the open folder, of that UIDVALIDITY, rising."""


class Fresh(Struct, frozen=True):
    """``more``: the UID to go on from, where there were too many.

    ``passed``: UIDs that came since the state and are gone already; a page may have shown them to the client.
    """

    messages: list[MessageSummary]
    more: int | None = None
    passed: list[int] = field(default_factory=list)


async def summaries(session: Session, name: MailboxName, uidvalidity: int, uids: UidSet) -> list[MessageSummary]:
    """As a page shows them."""
    got = (await session.fetch(uids, summary_items(session))).messages
    return [summarise(name, uidvalidity, got[uid]) for uid in sorted(got) if uid in uids]


async def fresh(
    session: Session, name: MailboxName, old: FolderState, now: FolderState, most: int, show: Show
) -> Fresh:
    """Messages that came between two states, at most ``most``."""
    span = new = UidSet.span(max(1, old.uidnext), now.uidnext - 1)
    if not new or not now.exists:
        return Fresh([], passed=_few(new))
    more: int | None = None
    if len(new) > most:
        there = [uid for uid in await _oldest(session, old.uidnext, most + 1) if uid in new]
        new, more = UidSet.of(there[:most]), there[most] if len(there) > most else None
    messages = await show(session, name, now.uidvalidity, new) if new else []
    told = UidSet.of(MessageId.parse(message.id).uid for message in messages)
    upto = UidSet.span(1, (more or now.uidnext) - 1)
    return Fresh(messages, more, _few(span.intersect(upto).subtract(told)))


def _few(uids: UidSet) -> list[int]:
    return list(uids) if len(uids) <= PASSED else []


async def _oldest(session: Session, low: int, count: int) -> list[int]:
    """Up to ``count`` UIDs from ``low`` on, rising.

    An EXPUNGE told meanwhile moves message numbers, and one that is still to be told leaves some without a message. So
    the last message before them is asked for too: where it is not below ``low`` some may have been passed over; and
    where there are fewer than ``count``, the last message of the folder was looked at, whether the server told of what
    happened meanwhile before its answer or behind it. Else it is made to tell, and they are counted again.
    """
    for _ in range(RECOUNTS):
        below = await count_below(session, opened(session).exists, low)
        exists = opened(session).exists
        if not exists:
            return []
        first = max(1, min(below, exists))
        last = max(first, min(exists, below + count))
        found = await find(session, SeqIn(SequenceSet.span(first, last)))
        there = [uid for uid in found if uid >= low]
        from_below = first == 1 or (found and found[0] < low)
        if from_below and (len(there) >= count or last >= max(exists, opened(session).exists)):
            return there
        await session.noop()
    raise StateTooOld("the folder changes faster than its changes can be counted", field="since")
