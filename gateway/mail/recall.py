"""Messages of a page, of which those listed before cost no more than their flags.

A message that was summarised before is asked for its flags and its size; the others, in the same round trip, for
everything. The size is there for servers that give out a UIDVALIDITY again: where it differs, it is another message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from msgspec.json import Encoder

from gateway.accounts.account import Account
from gateway.imap.encode.fetch_item import Item
from gateway.imap.mailbox import Mailbox
from gateway.imap.response import Fetched
from gateway.imap.session import Session
from gateway.imap.uids import UidSet
from gateway.mail.resource import MessageSummary
from gateway.mail.row import Row, inner
from gateway.mail.summaries import Place, Summaries
from gateway.mail.summary import People, keywords, summarise, summary_items
from gateway.mail.trees import tree_key

_AGAIN: Final = (Item.UID, Item.FLAGS, Item.SIZE)
_encode: Final = Encoder().encode
_WHOLE: Final = frozenset({"ENVELOPE", "BODYSTRUCTURE", "INTERNALDATE", "RFC822.SIZE"})


class Recall:
    """For one request, on a session that has ``mailbox`` open."""

    def __init__(
        self, summaries: Summaries, account: Account, session: Session, mailbox: Mailbox, *, previews: bool = False
    ) -> None:
        """``previews``: those that the gateway made are shown, too (see :mod:`gateway.mail.previews`)."""
        self._account, self._session, self._mailbox = account, session, mailbox
        self._previews = previews or session.capabilities.has("PREVIEW")
        self._validity = mailbox.uidvalidity or 0
        self._summaries = summaries if self._validity and mailbox.uids_stick else Summaries(0)
        self._place = Place(account.id, mailbox.name.wire, self._validity)
        self._people = People()
        self._recalled: dict[int, Row] = {}
        self.lasting = bool(self._validity) and mailbox.uids_stick
        """Whether all summaries so far stay as they are while the flags do."""
        self._flags: dict[tuple[bytes, ...], bytes] = {}  # most messages of a page have the same few

    async def fetch(self, uids: UidSet) -> dict[int, Fetched]:
        """What there is of ``uids``, at least their flags; ``summary()`` makes more of it."""
        held = self._summaries.of(self._place)
        recalled = {uid: held[uid] for uid in uids if uid in held} if held else {}
        if not recalled:
            return await self._whole(uids)
        known = UidSet.of(recalled)
        found, new = await self._both(known, uids.subtract(known))
        others = [uid for uid, fetched in found.items() if fetched.size != recalled[uid].size]
        for uid in others:
            del recalled[uid], found[uid]  # of one that goes before it is asked for again, flags alone are no summary
        self._recalled |= recalled
        return found | new | (await self._whole(UidSet.of(others)) if others else {})

    def summary(self, fetched: Fetched) -> MessageSummary:
        """Of a message that ``fetch()`` gave."""
        recalled = self._recalled.get(fetched.uid or 0)
        if recalled is not None:
            return recalled.summary(keywords(fetched.flags or ()), preview=self._previews)
        return self._fresh(fetched)[0]

    def row(self, fetched: Fetched) -> bytes:
        """The same as JSON."""
        row = self._recalled.get(fetched.uid or 0)
        if row is None:
            fresh, row = self._fresh(fetched)
            if row is None:
                return _encode(fresh)
        flags = fetched.flags or ()
        known = self._flags.get(flags)
        if known is None:
            known = self._flags[flags] = inner(keywords(flags))
        return row.json(known, preview=self._previews)

    def _fresh(self, fetched: Fetched) -> tuple[MessageSummary, Row | None]:
        """A summary that is made now, and the row that is remembered of it; None where none is."""
        summary = summarise(self._mailbox.name, self._validity, fetched, self._people.of)
        if fetched.uid is None or not _lasting(fetched):
            self.lasting = False
            return summary, None
        self._summaries.trees.put(tree_key(self._account, self._mailbox, fetched.uid), fetched)
        return summary, self._summaries.put(self._place, fetched.uid, summary)

    def remember(self, uid: int, summary: MessageSummary) -> None:
        """A summary of which more is known now; only where one is remembered anyway."""
        if uid in self._summaries.of(self._place):
            self._summaries.put(self._place, uid, summary)

    async def _both(self, known: UidSet, new: UidSet) -> tuple[dict[int, Fetched], dict[int, Fetched]]:
        """Both commands in flight together."""
        if not new:
            return _of(known, (await self._session.fetch(known, _AGAIN)).messages), {}
        task = asyncio.create_task(self._whole(new))
        try:
            found = _of(known, (await self._session.fetch(known, _AGAIN)).messages)
            return found, await task
        finally:
            task.cancel()
            await asyncio.wait((task,))
            if not task.cancelled():
                task.exception()  # looked at

    async def _whole(self, uids: UidSet) -> dict[int, Fetched]:
        return _of(uids, (await self._session.fetch(uids, summary_items(self._session))).messages)


def _of(uids: UidSet, messages: Mapping[int, Fetched]) -> dict[int, Fetched]:
    return {uid: fetched for uid, fetched in messages.items() if uid in uids}


def _lasting(fetched: Fetched) -> bool:
    """All was told and could be read; a preview that the server has yet to make may come later (RFC 8970)."""
    previewed = "PREVIEW" not in fetched.present or fetched.preview is not None
    return previewed and not fetched.broken and fetched.present >= _WHOLE
