"""Copying, moving and expunging messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from msgspec import Struct, field

from gateway.errors import Refused, Unprocessable
from gateway.imap.encode.arg import mailbox, uid_set, word
from gateway.imap.encode.fetch_item import Item
from gateway.imap.encode.search_key import Plain
from gateway.imap.name import MailboxName
from gateway.imap.response import Code, CopyUid, Tagged
from gateway.imap.routing import Codes, Want
from gateway.imap.session_core import bare
from gateway.imap.session_fetch import Fetching
from gateway.imap.session_quota import Quotas
from gateway.imap.session_search import Searching
from gateway.imap.uids import UidSet


class CopyResult(Struct, frozen=True):
    """``mapping``: old UID to new; messages that were gone already are not in it."""

    uidvalidity: int
    mapping: dict[int, int] = field(default_factory=dict)


class Transferring(Fetching, Searching, Quotas):
    async def copy(self, uids: UidSet, to: MailboxName) -> CopyResult | None:
        """None: a server without UIDPLUS does not tell the new UIDs. Raises Refused, TRYCREATE without ``to``."""
        return _joined([told async for _, told in self._copies(uids, to)])

    async def _copies(self, uids: UidSet, to: MailboxName) -> AsyncIterator[tuple[UidSet, CopyResult | None]]:
        """Piece by piece, each with what was told of it."""
        for chunk in uids.chunks():
            tagged = await self._run_between("UID COPY", chunk, to)
            yield chunk, _told([tagged.code], chunk)

    async def move(self, uids: UidSet, to: MailboxName) -> CopyResult | None:
        """Moves; None: a server without UIDPLUS does not tell the new UIDs.

        Without MOVE: copy, mark ``\\Deleted``, expunge. Without UIDPLUS as well, Unprocessable is raised before
        anything is changed where others' messages are marked ``\\Deleted``, as they would be expunged with these.
        """
        if not self.capabilities.has("MOVE"):
            return await self._move_by_copy(uids, to)
        results: list[CopyResult | None] = []
        for chunk in uids.chunks():
            want = Codes("COPYUID")
            tagged = await self._run_between("UID MOVE", chunk, to, needs="te", want=want)
            results.append(_told([*want.codes, tagged.code], chunk))
        return _joined(results)

    async def _run_between(
        self, verb: str, uids: UidSet, to: MailboxName, *, needs: str = "", want: Want | None = None
    ) -> Tagged:
        """Refused is NOPERM where a right is missing, one that it ``needs`` here or to insert there; OVERQUOTA where
        the messages don't fit there."""
        try:
            return await self._run(verb, uid_set(uids), mailbox(to), want=want)
        except Refused as refusal:
            denied = await self.denied(await self._denied_here(refusal, needs), to, "i")
            if bare(denied) and self.capabilities.has("QUOTA"):
                told = (await self.fetch(uids, [Item.SIZE])).messages
                octets = sum(message.size or 0 for message in told.values())
                denied = await self.overfull(denied, to, octets=octets, messages=len(told))
            raise denied from refusal

    async def _move_by_copy(self, uids: UidSet, to: MailboxName) -> CopyResult | None:
        if self._mailbox is not None and await self.lacks(self._mailbox.name, "te"):
            raise Refused("messages can't be removed here", code="NOPERM")  # or they would be copied only
        if not self.capabilities.has("UIDPLUS"):
            await self._refuse_if_others(uids)
        results: list[CopyResult | None] = []
        copied = UidSet()
        async for chunk, told in self._copies(uids, to):
            results.append(told)  # what it does not tell of was not copied, so it must not be expunged
            copied = copied.union(chunk if told is None else UidSet.of(told.mapping))
        if copied:
            await self._mark_deleted(copied)
            await self.expunge(copied)
        return _joined(results)

    async def _mark_deleted(self, uids: UidSet) -> None:
        for chunk in uids.chunks():
            await self._run_here("UID STORE", uid_set(chunk), word(b"+FLAGS.SILENT"), word(b"(\\Deleted)"), needs="t")

    async def expunge(self, uids: UidSet) -> None:
        """Removes those of ``uids`` that are marked ``\\Deleted``, and no others.

        Without UIDPLUS there is only an EXPUNGE of all that is so marked: Unprocessable where that means others too.
        """
        if self.capabilities.has("UIDPLUS"):
            for chunk in uids.chunks():
                await self._run_here("UID EXPUNGE", uid_set(chunk), needs="e")
            return
        await self._refuse_if_others(uids)
        await self._run_here("EXPUNGE", needs="e")

    async def _refuse_if_others(self, uids: UidSet) -> None:
        marked = (await self.search(Plain.DELETED)).uids or UidSet()
        if marked.subtract(uids):
            raise Unprocessable("other messages of the folder are marked deleted, and this server can't spare them")


def _told(codes: Sequence[Code | None], asked: UidSet) -> CopyResult | None:
    """What COPYUID says of ``asked``; one that speaks of other messages is not believed, nor even counted through."""
    copied = [code for code in codes if isinstance(code, CopyUid)]
    left = len(asked)
    mapping: dict[int, int] = {}
    for code in copied:
        left -= sum(high - low + 1 for low, high in code.source)
        if left < 0 or UidSet(code.source).subtract(asked):
            return None
        mapping.update(code.mapping())
    return CopyResult(copied[-1].uidvalidity, mapping) if copied else None


def _joined(results: Sequence[CopyResult | None]) -> CopyResult | None:
    """All together; None where nothing was told of any."""
    told = [result for result in results if result is not None]
    if not told:
        return None
    return CopyResult(told[-1].uidvalidity, {old: new for result in told for old, new in result.mapping.items()})
