"""Data of messages, and their flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from gateway.errors import LocalError, NotFound, Refused
from gateway.imap.connection import Pending
from gateway.imap.encode.arg import Arg, flag_list, uid_set, word
from gateway.imap.encode.command import unchanged_since as unchanged
from gateway.imap.encode.fetch_item import BinarySize, FetchItem, Item, Section, fetch_items, fetch_modifiers
from gateway.imap.framer import Streamed
from gateway.imap.response import Fetched, Modified, SectionKey, Tagged
from gateway.imap.rights import for_flags
from gateway.imap.routing_messages import Messages, Stored
from gateway.imap.session_core import Core
from gateway.imap.uids import UidSet


class FetchResult(Struct, frozen=True):
    """``messages`` by UID; one that is missing is gone. ``vanished`` only where it was asked for.

    ``cut``: there was more than was to be kept, of this UID and higher ones.
    ``strayed``: the sequence number of the last message, where ``n:*`` was answered with one below n; else 0.
    ``expunge_issued``: the server says that some are gone although it may have answered for them (RFC 2180).
    """

    messages: dict[int, Fetched]
    vanished: UidSet
    exists_at_end: int
    expunge_issued: bool = False
    cut: int | None = None
    strayed: int = 0


class StoreResult(Struct, frozen=True):
    """``messages``: the new flags, as far as the server told; ``modified``: left alone, as changed meanwhile."""

    messages: dict[int, Fetched]
    modified: UidSet


class Fetching(Core):
    async def fetch(
        self,
        uids: UidSet,
        items: Sequence[FetchItem],
        *,
        changed_since: int | None = None,
        vanished: bool = False,
        most: int | None = None,
    ) -> FetchResult:
        """``items`` of the messages ``uids``; UID is always among them.

        ``vanished`` needs ``changed_since``, and QRESYNC enabled. ``most``: as many messages of each command are kept,
        however many the server tells of (FetchResult.cut). A large set goes as several commands in flight
        together. An item that can't be read is in ``broken`` of its message and costs no other.
        Literals are held whole: bodies are for ``stream()``.
        """
        if vanished and (changed_since is None or "QRESYNC" not in self.capabilities.enabled):
            raise LocalError("VANISHED without QRESYNC")
        tail: list[Arg] = [fetch_items([Item.UID, *(item for item in items if item is not Item.UID)])]
        if changed_since is not None:
            tail.append(fetch_modifiers(changed_since=changed_since, vanished=vanished))
        names = frozenset(_name(item) for item in items if not isinstance(item, Section))
        keys = frozenset(item.key for item in items if isinstance(item, Section))
        chunks = list(uids.chunks())
        wants = [Messages(chunk, names, keys, vanished=vanished, most=most) for chunk in chunks]
        answers = await self._finish_all(
            [
                self._start("UID FETCH", uid_set(chunk), *tail, want=want)
                for chunk, want in zip(chunks, wants, strict=True)
            ]
        )
        messages: dict[int, Fetched] = {}
        gone = UidSet()
        for want in wants:
            messages.update(want.messages)
            gone = gone.union(want.vanished)
        exists = self._mailbox.exists if self._mailbox is not None else 0
        cut = min((want.cut for want in wants if want.cut is not None), default=None)
        strayed = max((want.strayed for want in wants), default=0)
        return FetchResult(messages, gone, exists, any(map(_expunge_issued, answers)), cut, strayed)

    async def fetch_each(self, wanted: Sequence[tuple[UidSet, Sequence[FetchItem]]]) -> dict[int, Fetched]:
        """Different items of different messages, in one round trip: all commands are sent before any is waited for.

        By UID; a message that is missing is gone. No message may be in two of the sets.
        """
        wants: list[Messages] = []
        pendings: list[Pending] = []
        for uids, items in wanted:
            names = frozenset(_name(item) for item in items if not isinstance(item, Section))
            keys = frozenset(item.key for item in items if isinstance(item, Section))
            asked = fetch_items([Item.UID, *(item for item in items if item is not Item.UID)])
            for chunk in uids.chunks():
                wants.append(Messages(chunk, names, keys))
                pendings.append(self._start("UID FETCH", uid_set(chunk), asked, want=wants[-1]))
        await self._finish_all(pendings)
        return {uid: message for want in wants for uid, message in want.messages.items()}

    async def fetch_sections(self, uid: int, sections: Sequence[Section]) -> Mapping[SectionKey, bytes]:
        """Sections of one message, whole, by ``Section.key``; one that the message lacks is not in it.

        Raises NotFound where the message is gone, also where the server then says NIL.
        """
        result = await self.fetch(UidSet.of([uid]), sections)
        message = result.messages.get(uid)
        found = dict(message.sections) if message is not None else {}
        given = {key: data for key, data in found.items() if data is not None and not isinstance(data, Streamed)}
        if not given or (result.expunge_issued and not all(map(given.get, found))):
            raise NotFound("the message is gone")
        return given

    async def store(
        self,
        uids: UidSet,
        *,
        add: Sequence[bytes] = (),
        remove: Sequence[bytes] = (),
        replace: Sequence[bytes] | None = None,
        unchanged_since: int | None = None,
    ) -> StoreResult:
        """Changes flags: ``replace`` sets them all, else ``remove`` then ``add``. Raises LocalError for both kinds.

        ``unchanged_since`` is a MODSEQ (needs CONDSTORE): messages changed after it are left alone.
        """
        if replace is not None and (add or remove):
            raise LocalError("flags are replaced, or added and removed")
        verbs = [(b"FLAGS", replace)] if replace is not None else [(b"-FLAGS", remove), (b"+FLAGS", add)]
        changes: list[tuple[bytes, Sequence[bytes]]] = [
            (verb, flags) for verb, flags in verbs if flags or (verb == b"FLAGS" and flags is not None)
        ]
        messages: dict[int, Fetched] = {}
        modified = UidSet()
        for verb, flags in changes:
            left = uids.subtract(modified) if modified else uids
            done, since = await self._store(left, verb, flags, unchanged_since)
            messages.update(done.messages)
            modified = modified.union(done.modified) if done.modified else modified
            unchanged_since = since
        return StoreResult(messages, modified)

    async def _store(
        self, uids: UidSet, verb: bytes, flags: Sequence[bytes], since: int | None
    ) -> tuple[StoreResult, int | None]:
        """One STORE; with it the MODSEQ that a second one of the same change has to compare with."""
        condition = [unchanged(since)] if since is not None else []
        chunks = list(uids.chunks())
        wants = list(map(Stored, chunks))
        pendings = [
            self._start("UID STORE", uid_set(chunk), *condition, word(verb), flag_list(flags), want=want)
            for chunk, want in zip(chunks, wants, strict=True)
        ]
        try:
            answers = await self._finish_all(pendings)
        except Refused as refusal:
            raise await self._denied_here(refusal, for_flags(None if verb == b"FLAGS" else flags)) from refusal
        messages = {uid: message for want in wants for uid, message in want.messages.items()}
        modified = UidSet()
        for answer in answers:
            if isinstance(answer.code, Modified):
                modified = modified.union(answer.code.uids)
        if since is not None:
            since = max([since, *(message.modseq or 0 for message in messages.values())])
        return StoreResult(messages, modified), since


def _name(item: Item | BinarySize) -> str:
    """As ``Fetched.present`` names it."""
    if isinstance(item, BinarySize):
        return "BINARY.SIZE[]"
    return item.wire().split(b" ")[0].decode("ascii")


def _expunge_issued(tagged: Tagged) -> bool:
    return tagged.code is not None and tagged.code.name == "EXPUNGEISSUED"
