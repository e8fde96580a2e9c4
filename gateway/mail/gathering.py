"""Looking for the messages of a conversation, folder by folder, each with what its server can do best."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from gateway.errors import Refused
from gateway.imap.encode.search_key import And, Header, Match, ObjectIs, Or, SearchKey, SeqIn, UidIn
from gateway.imap.mailbox import Mailbox
from gateway.imap.session import Session
from gateway.imap.session_search import ThreadAlgorithm
from gateway.imap.uids import SequenceSet, UidSet
from gateway.mail.find import find
from gateway.mail.letter import Letter, Place, letter, letter_items
from gateway.mail.thread_resource import Basis
from gateway.message.thread import conversation

NEWEST: Final = 50_000
"""Messages of a folder that are searched by their headers; servers that keep no index of them read every one."""
CANDIDATES: Final = 500
"""Messages whose headers are read, in one folder and in one round."""
SEEDS: Final = 100
"""Messages found by ids that the server's threading starts from."""
LETTERS: Final = 2_000
"""Messages that may be held of one conversation."""
ASKED: Final = 128
"""Message ids that one folder is asked for."""
AT_ONCE: Final = 16
"""Message ids in one search, each in three fields."""
OCTETS: Final = 1_500
"""Octets of ids in one search: it has to fit in a command line."""
LONGEST_ID: Final = 400
SHORTEST_SUBJECT: Final = 3
"""A shorter one is in too many others to narrow a search."""
APART: Final = timedelta(days=31)
"""A reply that names no message is taken for one to a message of the same subject this long before at the most."""


class Gathering:
    """Everything found so far, beginning with one message."""

    def __init__(self, place: Place, start: Letter, basis: Basis) -> None:
        self.basis: Basis = basis
        self.complete = True
        self._place, self._start = place, start
        self._letters: dict[Place, Letter] = {place: start}
        self._asked: dict[str, set[str]] = {}
        self._by_subject: set[str] = set()
        self._trees = 0
        self._treed: dict[str, set[int]] = {}

    async def look(self, session: Session, mailbox: Mailbox) -> bool:
        """Look through the open folder; whether anything new was found."""
        before = len(self._letters)
        if self.basis != "headers":
            try:
                await self._by_server(session, mailbox)
            except Refused:
                self.basis = "headers"  # it offers what it does not do, or not for such words
        if self.basis == "headers":
            await self._by_ids(session, mailbox)
            await self._by_same_subject(session, mailbox)
        return len(self._letters) > before

    def members(self) -> list[Letter]:
        """What belongs together, oldest first; a message that the server knows to be in two folders once."""
        if self.basis in ("threadId", "gmail"):
            found = set(self._letters)
        else:
            found = conversation(self._place, {key: (*one.ids, *one.bonds) for key, one in self._letters.items()})
        ordered = sorted((self._letters[key] for key in found), key=lambda one: one is not self._start)
        once = {
            one.summary.email_id or one.summary.id: one for one in reversed(ordered)
        }  # the start goes last, and wins
        return sorted(once.values(), key=lambda one: (one.summary.received_at, one.summary.id))

    async def _by_server(self, session: Session, mailbox: Mailbox) -> None:
        match self.basis:
            case "threadId":
                await self._by_key(session, mailbox, ObjectIs("THREADID", self._start.summary.thread_id or ""))
            case "gmail":
                await self._by_key(session, mailbox, ObjectIs("X-GM-THRID", str(self._start.gm_thrid or 0)))
            case "refs":
                await self._by_trees(session, mailbox, "REFS")
            case "references":
                await self._by_trees(session, mailbox, "REFERENCES")
            case "headers":
                pass

    async def _by_key(self, session: Session, mailbox: Mailbox, key: SearchKey) -> None:
        await self._read(session, mailbox, await find(session, key))

    async def _by_trees(self, session: Session, mailbox: Mailbox, algorithm: ThreadAlgorithm) -> None:
        """The server's threads that any message of ours is in, among those of the subject and those that name ours."""
        known = {place.uid for place in self._letters if place.folder == mailbox.name}
        seeds = known.union(await self._by_ids(session, mailbox))
        name = mailbox.name.text
        if not seeds or not self._narrow or self._treed.get(name) == seeds:
            return
        self._treed[name] = seeds
        some = UidSet.of(sorted(seeds)[-SEEDS:])
        key = And((*self._bound(mailbox), Or((UidIn(some), Match("SUBJECT", self._start.subject.text)))))
        for tree in await session.thread(algorithm, key):
            if seeds.isdisjoint(tree):
                continue
            self._trees += 1
            for place in await self._read(session, mailbox, tree):
                self._letters[place].bonds.add(f"\0tree {self._trees}")  # no id has a NUL

    async def _by_ids(self, session: Session, mailbox: Mailbox) -> list[int]:
        """Messages that name, or are, one of ours; until nothing new comes, within the bounds. Their UIDs."""
        asked = self._asked.setdefault(mailbox.name.text, set())
        found: list[int] = []
        while batch := self._next_ids(asked):
            asked.update(batch)
            names = (
                Header(field, f"<{id_}>") for id_ in batch for field in ("Message-ID", "References", "In-Reply-To")
            )
            uids = await find(session, And((*self._bound(mailbox), Or(tuple(names)))))
            await self._read(session, mailbox, uids)
            found += uids
        return found

    def _next_ids(self, asked: set[str]) -> list[str]:
        """Ids of ours that the folder was not asked for yet, as many as go into one search."""
        batch: list[str] = []
        octets = 0
        for id_ in self._ids():
            if id_ in asked or id_ in batch or not id_.isascii() or len(id_) > LONGEST_ID:
                continue
            octets += len(id_) + 20
            if batch and (octets > OCTETS or len(batch) == AT_ONCE):
                break
            if len(asked) + len(batch) >= ASKED:
                self.complete = False
                break
            batch.append(id_)
        return batch

    def _ids(self) -> Iterator[str]:
        """The start's own, the root's, which most replies name, then the nearest; then those of what belongs to it.

        What a search found by chance leads nowhere.
        """
        ids = self._start.ids
        yield from (*ids[-1:], *ids[:1], *reversed(ids))
        for one in self.members():
            yield from one.ids

    async def _by_same_subject(self, session: Session, mailbox: Mailbox) -> None:
        """Replies that name no message, as some mail programs write them: only the subject and the time are left."""
        if mailbox.name.text in self._by_subject or not self._narrow:
            return
        self._by_subject.add(mailbox.name.text)
        key = And((*self._bound(mailbox), Match("SUBJECT", self._start.subject.text)))
        try:
            uids = await find(session, key)
        except Refused:
            self.complete = False  # it can't search for such words
            return
        for place in await self._read(session, mailbox, uids):
            self._bind(self._letters[place])

    def _bind(self, other: Letter) -> None:
        start = self._start
        if other is start or other.subject.text.casefold() != start.subject.text.casefold():
            return
        if other.received is None or start.received is None:
            return
        apart = other.received - start.received
        late = other if apart >= timedelta(0) else start
        if late.subject.replied and late.names_none and abs(apart) <= APART:
            start.bonds.add("\0subject")
            other.bonds.add("\0subject")

    async def _read(self, session: Session, mailbox: Mailbox, uids: Iterable[int]) -> list[Place]:
        """The letters of ``uids``, as far as the bounds allow: the newest of them. Those that are there."""
        places = [Place(mailbox.name, mailbox.uidvalidity or 0, uid) for uid in sorted(set(uids))]
        new = [place for place in places if place not in self._letters]
        room = max(0, min(CANDIDATES, LETTERS - len(self._letters)))
        if len(new) > room:
            self.complete = False
            new = new[len(new) - room :]
        if new:
            asked = UidSet.of(place.uid for place in new)
            got = (await session.fetch(asked, letter_items(session))).messages
            self._letters |= {place: letter(place, got[place.uid]) for place in new if place.uid in got}
        return [place for place in places if place in self._letters]

    @property
    def _narrow(self) -> bool:
        return len(self._start.subject.text) >= SHORTEST_SUBJECT

    def _bound(self, mailbox: Mailbox) -> tuple[SearchKey, ...]:
        """Only the newest messages of a huge folder."""
        if mailbox.exists <= NEWEST:
            return ()
        self.complete = False
        return (SeqIn(SequenceSet.span(mailbox.exists - NEWEST + 1, mailbox.exists)),)
