"""Copying, moving and expunging messages."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.errors import Unprocessable
from gateway.imap.encode.arg import mailbox, uid_set, word
from gateway.imap.encode.search_key import Plain
from gateway.imap.name import MailboxName
from gateway.imap.response import Code, CopyUid
from gateway.imap.routing import Codes
from gateway.imap.session_fetch import Fetching
from gateway.imap.session_search import Searching
from gateway.imap.uids import UidSet


@dataclass(frozen=True, slots=True)
class CopyResult:
    """``mapping``: old UID to new; messages that were gone already are not in it."""

    uidvalidity: int
    mapping: dict[int, int] = field(default_factory=dict)


class Transferring(Fetching, Searching):
    async def copy(self, uids: UidSet, to: MailboxName) -> CopyResult | None:
        """None: a server without UIDPLUS does not tell the new UIDs. Raises Refused, TRYCREATE without ``to``."""
        codes: list[Code | None] = []
        for chunk in uids.chunks():
            tagged = await self._run("UID COPY", uid_set(chunk), mailbox(to))
            codes.append(tagged.code)
        return _told(codes)

    async def move(self, uids: UidSet, to: MailboxName) -> CopyResult | None:
        """Moves; None: a server without UIDPLUS does not tell the new UIDs.

        Without MOVE: copy, mark ``\\Deleted``, expunge. Without UIDPLUS as well, Unprocessable is raised before
        anything is changed where others' messages are marked ``\\Deleted``, as they would be expunged with these.
        """
        if not self.capabilities.has("MOVE"):
            return await self._move_by_copy(uids, to)
        codes: list[Code | None] = []
        for chunk in uids.chunks():
            want = Codes("COPYUID")
            tagged = await self._run("UID MOVE", uid_set(chunk), mailbox(to), want=want)
            codes += [*want.codes, tagged.code]
        return _told(codes)

    async def _move_by_copy(self, uids: UidSet, to: MailboxName) -> CopyResult | None:
        if not self.capabilities.has("UIDPLUS"):
            await self._refuse_if_others(uids)
        result = await self.copy(uids, to)
        if result is not None:  # what appeared since was not copied, so it must not be expunged
            uids = uids.intersect(UidSet.of(result.mapping))
        if uids:
            await self._mark_deleted(uids)
            await self.expunge(uids)
        return result

    async def _mark_deleted(self, uids: UidSet) -> None:
        for chunk in uids.chunks():
            await self._run("UID STORE", uid_set(chunk), word(b"+FLAGS.SILENT"), word(b"(\\Deleted)"))

    async def expunge(self, uids: UidSet) -> None:
        """Removes those of ``uids`` that are marked ``\\Deleted``, and no others.

        Without UIDPLUS there is only an EXPUNGE of all that is so marked: Unprocessable where that means others too.
        """
        if self.capabilities.has("UIDPLUS"):
            for chunk in uids.chunks():
                await self._run("UID EXPUNGE", uid_set(chunk))
            return
        await self._refuse_if_others(uids)
        await self._run("EXPUNGE")

    async def _refuse_if_others(self, uids: UidSet) -> None:
        marked = (await self.search(Plain.DELETED)).uids or UidSet()
        if marked.subtract(uids):
            raise Unprocessable("other messages of the folder are marked deleted, and this server can't spare them")


def _told(codes: list[Code | None]) -> CopyResult | None:
    copied = [code for code in codes if isinstance(code, CopyUid)]
    if not copied:
        return None
    mapping: dict[int, int] = {}
    for code in copied:
        mapping.update(code.mapping())
    return CopyResult(copied[-1].uidvalidity, mapping)
