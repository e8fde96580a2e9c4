"""Searching one open folder by a filter tree, exactly, also where the server alone can't."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from unicodedata import normalize

from gateway.errors import InvalidRequest, Refused
from gateway.imap.encode.fetch_item import FetchItem, Item
from gateway.imap.encode.search_key import SearchKey, SeqIn, UidIn
from gateway.imap.envelope import Envelope
from gateway.imap.mailbox import Mailbox
from gateway.imap.response import Fetched
from gateway.imap.session import Session
from gateway.imap.uids import SequenceSet, UidSet
from gateway.mail.conditions import Conditions
from gateway.mail.effort import EXAMINED, Effort, effort_of
from gateway.mail.find import find, find_newest
from gateway.mail.logic import ALWAYS, NEVER, all_of, any_of
from gateway.mail.rising import climb
from gateway.mail.translate import Attached, Instant, Leaf, Said, Setting, at_least, translate
from gateway.mail.window import Looked, walk
from gateway.message.address import addresses
from gateway.message.body import has_attachment
from gateway.message.words import decode_words

MAX_LEAVES = 8
"""Conditions of one search that the server can't decide: each may take a set of UIDs in the command."""
_BATCH = 200
_WIRE = 4_000  # octets of a set of UIDs in a command


class Looker:
    """One search in one open folder. ``also``: messages that are found whether or not they match.

    Raises InvalidRequest, and Refused where the server can't search for other than ASCII terms.
    """

    def __init__(
        self,
        session: Session,
        mailbox: Mailbox,
        conditions: Conditions,
        setting: Setting,
        *,
        folders: int = 1,
        also: UidSet | None = None,
    ) -> None:
        self._session, self._mailbox = session, mailbox
        self._conditions, self._setting = conditions, setting
        self._left = max(_BATCH, EXAMINED // folders)
        self._also: tuple[SearchKey, ...] = (UidIn(also),) if also else ()
        leaves: list[Leaf] = []

        def note(leaf: Leaf, positive: bool) -> SearchKey:
            leaves.append(leaf)
            return at_least(leaf, positive)

        self.key = any_of((translate(conditions, setting, note), *self._also))
        self.leaves = tuple(dict.fromkeys(leaves))
        self.effort: Effort = effort_of(self.key).shared(folders)
        if len(leaves) > MAX_LEAVES:
            if any(isinstance(leaf, Said) for leaf in leaves):
                raise Refused("the mail server can't search for so many terms", code="BADCHARSET")
            raise InvalidRequest(f"at most {MAX_LEAVES} times before, after or hasAttachment", field="filter")

    async def newest(self, below: int, limit: int) -> tuple[tuple[int, ...], int | None]:
        """UIDs under ``below``, descending, and where to go on (None: nothing is left)."""
        if self.key == NEVER or below <= 1:
            return (), None

        async def look(window: SequenceSet, wanted: int) -> Looked:
            return await self._look(window, below, wanted)

        effort = self.effort
        return await walk(self._session, self._mailbox, below, limit, look, step=effort.step, most=effort.most)

    async def oldest(self, above: int, limit: int) -> tuple[tuple[int, ...], int | None]:
        """UIDs over ``above``, rising, and over which to go on (None: nothing is left)."""
        if self.key == NEVER:
            return (), None

        async def look(window: SequenceSet, wanted: int) -> Looked:
            return await self._look_up(window, above, wanted)

        effort = self.effort
        return await climb(self._session, self._mailbox, above, limit, look, step=effort.step, most=effort.most)

    async def count(self) -> int | None:
        """How many match; None where that is too much to look at."""
        exists = self._mailbox.exists
        if self.key == NEVER or not exists:
            return 0
        if exists > self.effort.most:
            return None
        if self.leaves:
            found = await self._look(SequenceSet.span(1, exists), self._mailbox.uidnext or 2**32, exists + 1)
            return None if found.down_to is not None else len(found.uids)
        return (await self._session.search(self.key, ret=("COUNT",))).count

    async def _look(self, window: SequenceSet, below: int, wanted: int) -> Looked:
        key = all_of((SeqIn(window), self.key))
        if not self.leaves:
            return Looked(await find_newest(self._session, key, below, wanted))
        candidates = [uid for uid in await find(self._session, key) if uid < below]
        found: list[int] = []
        lowest = candidates[-1] + 1 if candidates else below
        for batch in _from_the_top(candidates):
            if self._left <= 0:
                return Looked(sorted(found), down_to=lowest)
            found += await self._exactly(batch)
            lowest = batch.first or lowest
            if len(found) >= wanted:
                return Looked(sorted(found), down_to=lowest)
        return Looked(sorted(found))

    async def _look_up(self, window: SequenceSet, above: int, wanted: int) -> Looked:
        candidates = [uid for uid in await find(self._session, all_of((SeqIn(window), self.key))) if uid > above]
        if not self.leaves:
            return Looked(candidates)
        found: list[int] = []
        highest = candidates[0] - 1 if candidates else above
        for start in range(0, len(candidates), _BATCH):
            if self._left <= 0 or len(found) >= wanted:
                return Looked(found, up_to=highest)
            batch = UidSet.of(candidates[start : start + _BATCH])
            found += sorted(await self._exactly(batch))
            highest = batch.last or highest
        return Looked(found)

    async def _exactly(self, candidates: UidSet) -> list[int]:
        """Those of the candidates that match. Only those in doubt are looked at, and asked for again."""
        doubt = any_of(leaf.doubt for leaf in self.leaves)
        doubted = candidates
        if doubt != ALWAYS:
            doubted = candidates.intersect(UidSet.of(await find(self._session, all_of((UidIn(candidates), doubt)))))
        found = list(candidates.subtract(doubted))
        for batch in doubted.batches(_BATCH):
            self._left -= len(batch)
            exact = any_of((await self._exact_key(batch), *self._also))
            if isinstance(exact, UidIn):  # nothing else is asked than what was looked at
                found += batch.intersect(exact.uids)
            elif exact != NEVER:
                found += [uid for uid in await find(self._session, all_of((UidIn(batch), exact))) if uid in batch]
        return found

    async def _exact_key(self, batch: UidSet) -> SearchKey:
        """A key that is exact for the messages of ``batch``."""
        fetched = (await self._session.fetch(batch, _items(self.leaves))).messages
        held = {
            leaf: UidSet.of(uid for uid, message in fetched.items() if uid in batch and holds(leaf, message))
            for leaf in self.leaves
        }

        def resolve(leaf: Leaf, positive: bool) -> SearchKey:
            return UidIn(held[leaf]) if held[leaf] else NEVER

        return translate(self._conditions, self._setting, resolve)


def _from_the_top(rising: Sequence[int]) -> Iterator[UidSet]:
    """Batches, each larger than the last, as long as they can be written in a command."""
    end, size = len(rising), _BATCH
    while end > 0:
        batch = UidSet.of(rising[max(0, end - size) : end])
        if len(str(batch)) > _WIRE:
            size = max(_BATCH, size // 2)
            batch = UidSet.of(rising[max(0, end - size) : end])
        yield batch
        end, size = end - size, size * 2


def _items(leaves: Sequence[Leaf]) -> tuple[FetchItem, ...]:
    items: list[FetchItem] = []
    for leaf in leaves:
        match leaf:
            case Instant():
                items.append(Item.INTERNALDATE)
            case Attached():
                items.append(Item.BODYSTRUCTURE)
            case Said():
                items.append(Item.ENVELOPE)
    return tuple(dict.fromkeys(items))


def holds(leaf: Leaf, message: Fetched) -> bool:
    """Whether a message is what the leaf means; what can't be read is not."""
    match leaf:
        case Instant(how, moment):
            received = message.internaldate
            return received is not None and (received < moment) == (how == "before")
        case Attached():
            return message.structure is not None and has_attachment(message.structure)
        case Said(where, value):
            return message.envelope is not None and _folded(value) in _folded(_said(message.envelope, where))


def _said(envelope: Envelope, where: str) -> str:
    if where == "SUBJECT":
        return decode_words(envelope.subject)
    people = {"FROM": envelope.from_, "TO": envelope.to, "CC": envelope.cc, "BCC": envelope.bcc}[where]
    return "\n".join(f"{name or ''} <{email}>" for name, email in addresses(people))


def _folded(text: str) -> str:
    return normalize("NFC", text.casefold())
