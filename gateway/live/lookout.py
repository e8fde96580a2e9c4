"""One folder that is watched: how it was when it was last looked at, and telling its streams what changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from gateway.errors import IdExpired, StateTooOld
from gateway.imap.capability import SyncMode
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.live.event import Resync
from gateway.live.first_look import FirstLook
from gateway.live.mark import Mark, Spot
from gateway.live.stream import Stream, Told
from gateway.mail.account_changes import ALL, way, with_moved
from gateway.mail.address import id_of_folder
from gateway.mail.changes import changes_between, tells
from gateway.mail.flag_changes import WINDOW
from gateway.mail.folder_changes import Renaming, behind
from gateway.mail.opening import open_folder
from gateway.mail.resource import Changes, Folder, FolderChanges
from gateway.mail.snapshot import state_of, sync_mode
from gateway.sync.state import FolderState

MOST = 200
"""Changes told in one event; more follow in the next."""

SLICE = 100
"""So many streams are told at one go; then they, and others, have their turn at the event loop."""

NUMBERS = ("UIDVALIDITY", "UIDNEXT", "MESSAGES", "HIGHESTMODSEQ", "UNSEEN")
"""What STATUS says of a folder, as far as it shows that something changed."""

Audience: TypeAlias = Callable[[MailboxName], Iterable[Stream]]
"""The streams that may be told of a folder now."""


class Lookout:
    """Looks at its folder when it is told to, and offers each stream the way from where that is to now."""

    def __init__(self, name: MailboxName) -> None:
        self.name = name
        self.state: FolderState | None = None
        self.mode: SyncMode | None = None
        self.folder: Folder | None = None  # as the folder list has it, where that is watched
        self.looked_at = float("-inf")
        self.owed: set[Stream] = set()  # to be told more once they have room
        self.failures = 0
        self.first = FirstLook()
        self.doubtful = False  # STATUS and EXAMINE do not agree on this connection
        self._seen: tuple[int | str | None, ...] | None = None
        self._doubted: tuple[int | str | None, ...] | None = None
        self._stubborn = False

    def forget(self) -> None:
        """What STATUS said last counts no more: a look was missed, or the connection was."""
        self._seen = None

    def differs(self, values: Mapping[str, int | str]) -> bool:
        """Whether STATUS says that the folder is not as it was when it was looked at.

        Some servers' STATUS and EXAMINE never agree: what STATUS said before counts as seen. But first another
        connection is to look, for Dovecot may show one the files of a folder that was there before.
        """
        now, before = tuple(values.get(item) for item in NUMBERS), self._seen
        self._seen = now
        if self.state is None or now == before:
            self._doubt(now)
            return self.state is None
        unseen_now, unseen_before = now[-1], before[-1] if before is not None else now[-1]
        return behind(self.state, values) or unseen_now != unseen_before

    def _doubt(self, now: tuple[int | str | None, ...]) -> None:
        """Where a look has not led to what STATUS says; no more where another connection sees the same."""
        state = self.state
        if state is None or now[:3] == (state.uidvalidity, state.uidnext, state.exists):
            return
        if now == self._doubted:
            self._stubborn = True
        self._doubted = now
        self.doubtful = not self._stubborn

    def learn(self, state: FolderState, values: Mapping[str, int | str]) -> None:
        """A first state that needs no look, for STATUS says all of it."""
        self.state = state
        self.differs(values)
        self.first.take()

    def concerns(self, stream: Stream) -> bool:
        """Whether the stream would be told something, as far as is known without a look."""
        spot = stream.mark.spot(self.name)
        return spot is not None and not self._up_to_date(spot)

    async def look(self, session: Session, audience: Audience, now: float) -> None:
        """Open the folder, which gives numbers of one moment, and tell all that are behind and have room.

        Raises NotFound, Refused, and what ends the connection.
        """
        self.owed.clear()
        await open_folder(session, self.name, again=True)
        state = await state_of(session)
        self.mode = sync_mode(session)
        if self.mode == "window":  # the flags' digest is of the state, too
            state = FolderState.parse((await changes_between(session, self.name, state, state, most=WINDOW)).new_state)
        self.state, self.looked_at = state, now
        self.failures = 0
        self.first.take()
        for spot, streams in self._groups(audience(self.name)).items():
            await self._tell(session, spot, state, streams)

    def _up_to_date(self, spot: Spot) -> bool:
        return spot.state is not None and spot.state == self.state and spot.origin is None

    def _groups(self, streams: Iterable[Stream]) -> dict[Spot, list[Stream]]:
        """Those at one spot share the answer; those without room wait where they are."""
        groups: dict[Spot, list[Stream]] = {}
        by_mark: dict[Mark, list[Stream] | None] = {}  # which all share that are in step
        for stream in streams:
            mark = stream.mark
            if mark not in by_mark:
                spot = mark.spot(self.name)
                told = spot is not None and not self._up_to_date(spot)
                by_mark[mark] = groups.setdefault(spot, []) if spot is not None and told else None
            group = by_mark[mark]
            if group is None:
                continue
            if stream.room(self.name):
                group.append(stream)
            else:
                self.owed.add(stream)
        return {spot: group for spot, group in groups.items() if group}

    async def _tell(self, session: Session, spot: Spot, now: FolderState, streams: list[Stream]) -> None:
        try:
            event = await self._way(session, spot, now)
        except IdExpired as expired:
            await self._start_again(expired, spot, now, streams)
            return
        if not tells(event):
            return  # the state stays the one that the client was told
        state = FolderState.parse(event.new_state)
        await self._offer(event, spot, streams, lambda mark: mark.at(self.name, state), more=event.has_more)

    async def _way(self, session: Session, spot: Spot, now: FolderState) -> Changes:
        """A renamed folder's way is told at once, with the new ids, for no state says that some are still to come."""
        most = MOST if spot.origin is None else ALL
        event = await way(session, self.name, spot.state, now, most=most)
        if spot.origin is None or spot.state is None:
            return event
        moved = await with_moved(session, Renaming(spot.origin, self.name, spot.state), event)
        if moved is None:
            raise StateTooOld("more messages were renamed with their folder than are told at once")
        return moved

    async def _offer(
        self,
        event: Changes | FolderChanges | Resync,
        spot: Spot,
        streams: list[Stream],
        after: Callable[[Mark], Mark],
        *,
        more: bool = False,
    ) -> None:
        """To those that are still there, and still have room; streams in step stay so. ``more`` is to follow."""
        subject = None if isinstance(event, FolderChanges) else self.name
        offers: dict[Mark, Told | None] = {}
        for number, stream in enumerate(streams, 1):
            if number % SLICE == 0:
                await asyncio.sleep(0)
            mark = stream.mark
            if mark not in offers:
                offers[mark] = Told(event, after(mark), subject) if mark.spot(self.name) == spot else None
            offer = offers[mark]
            if stream.ended or offer is None:
                continue
            room = stream.room(subject)
            if more or not room:
                self.owed.add(stream)  # before it can take the event
            if room:
                stream.offer(offer)

    async def _start_again(self, expired: IdExpired, spot: Spot, now: FolderState, streams: list[Stream]) -> None:
        """The way can't be told. A client of the whole account is told of a folder that went and one that came."""
        listing = [stream for stream in streams if stream.mark.scope == "whole" and self.folder is not None]
        if self.folder is not None and listing:
            anew = FolderChanges(created=[self.folder], destroyed=[self.folder.id])
            await self._offer(anew, spot, listing, lambda mark: mark.at(self.name, None), more=True)
        again = Resync(
            folder_id=id_of_folder(self.name),
            since=None,
            reason="overflow" if isinstance(expired, StateTooOld) else "rebuilt",
        )
        others = [stream for stream in streams if stream not in listing]
        await self._offer(again, spot, others, lambda mark: mark.at(self.name, now))
