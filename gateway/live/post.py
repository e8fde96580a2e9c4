"""All that watches one account: its streams, the folders that they want, and the connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from gateway.accounts.account import Account
from gateway.errors import GatewayError, NotFound, Refused, Unavailable
from gateway.imap.name import MailboxName
from gateway.live.backoff import Backoff
from gateway.live.beat import Beat
from gateway.live.event import Mode
from gateway.live.gauge import Gauge
from gateway.live.lookout import Lookout
from gateway.live.mark import Mark
from gateway.live.members import Members, Wanted
from gateway.live.roster import Roster
from gateway.live.solos import Solos
from gateway.live.stream import Stream
from gateway.live.watcher import Watcher, may_pass
from gateway.mail.desk import Desk
from gateway.metrics import WatchMode
from gateway.settings.model import Live
from gateway.sync.account_state import KnownFolder


class Means(Struct, frozen=True):
    """What every post works with."""

    desk: Desk
    live: Live
    random: Callable[[], float]


class Owner(Protocol):
    """Who is told how it goes."""

    def counted(self, watcher: Watcher, mode: WatchMode | None) -> None:
        """A watcher works in this way now; None: it has ended."""
        ...

    def dismissed(self, stream: Stream, name: MailboxName, error: GatewayError, *, last: bool) -> None:
        """A folder of the stream can't be watched any more; ``last``: it has no other."""
        ...

    def given_up(self, post: Post, error: GatewayError) -> None: ...

    def deserted(self, post: Post) -> None:
        """The last stream left some time ago."""
        ...


class Post:
    """One main watcher, and where it hears of one folder only, others beside it."""

    def __init__(self, account: Account, means: Means, owner: Owner) -> None:
        self.account = account
        self.members = Members(account)
        self.lookouts: dict[MailboxName, Lookout] = {}
        self.roster = Roster()
        self.gauge = Gauge(means.live)
        self._means, self._owner = means, owner
        self._left: dict[MailboxName | None, float] = {}  # when the last stream that wanted it went; None: the list
        self.main = self._watcher(Beat(self.roster, self.gauge))
        self._solos = Solos(self.main, self._watcher, owner)

    def start(self) -> None:
        self.main.start()

    async def stop(self) -> None:
        await asyncio.gather(self.main.stop(), self._solos.stop())
        self._owner.counted(self.main, None)
        self._disappoint(Unavailable("the account is watched no more"))

    def _disappoint(self, error: GatewayError) -> None:
        """Who waits to be seated waits in vain."""
        self.main.first.fail(error)
        self.roster.first.fail(error)
        for lookout in self.lookouts.values():
            lookout.first.fail(error)

    # --- streams ---

    async def join(self, stream: Stream, wanted: Wanted, since: Mark | None) -> None:
        """Seat a stream; where ``since`` says nothing of a folder it starts at the present state.

        Raises what looking at a folder for the first time raises, and NotFound.
        """
        self.members.add(stream, wanted)
        self.gauge.join(stream)
        stream.taken = self._taken
        await self.main.first.ready()
        if wanted.names is None and since is not None:
            await self._resume(stream, since)
            return
        known = await (self._whole() if wanted.names is None else self._some(wanted.names, since))
        self.members.seat(stream, Mark(wanted.scope, known))
        self._call_behind(stream)

    async def _resume(self, stream: Stream, since: Mark) -> None:
        """A stream of the whole account hears first of what became of the folders that it knows."""
        self.members.seat(stream, since)
        self.roster.owed.add(stream)
        self._list()
        self.main.beat.call_list()
        await self.roster.first.ready()

    def _list(self) -> None:
        """The folder list is wanted, and so are all folders."""
        self._left.clear()
        if not self.roster.wanted:
            self.roster.wanted = True
            self.main.beat.call_list()

    async def _whole(self) -> dict[bytes, KnownFolder]:
        self._list()
        await self.roster.first.ready()
        for lookout in list(self.lookouts.values()):
            if not lookout.failures:
                await self._looked_at(lookout)
        known = dict(self.roster.known())
        for wire, folder in known.items():
            lookout_ = self.lookouts.get(MailboxName(wire))
            if lookout_ is not None:
                known[wire] = KnownFolder(folder.subscribed, folder.selectable, lookout_.state)
        return known

    async def _looked_at(self, lookout: Lookout) -> None:
        """One that can't be opened is told of when it can."""
        try:
            await lookout.first.ready()
        except (NotFound, Refused):
            return

    async def _some(self, names: tuple[MailboxName, ...], since: Mark | None) -> dict[bytes, KnownFolder]:
        for name in names:
            self._station(name)
        self._arrange()
        for name in names:
            lookout = self.lookouts.get(name)
            if lookout is not None:
                await lookout.first.ready()
        known: dict[bytes, KnownFolder] = {}
        for name in names:
            lookout = self.lookouts.get(name)
            if lookout is None or lookout.state is None:
                raise Unavailable("the folder could be watched no more just now")
            given = since.known.get(name.wire) if since is not None else None
            known[name.wire] = KnownFolder(state=lookout.state if given is None else given.state)
        return known

    def leave(self, stream: Stream) -> None:
        """A stream has closed; what nobody wants any more lingers a little."""
        self.members.remove(stream)
        self.gauge.leave(stream)
        self.roster.owed.discard(stream)
        for lookout in self.lookouts.values():
            lookout.owed.discard(stream)
        now, wants = asyncio.get_running_loop().time(), self.members.wants(self.roster.folders)
        for name in (None, *self.lookouts):
            if not wants(name):
                self._left.setdefault(name, now)
        asyncio.get_running_loop().call_later(self._means.live.linger_seconds, self._tidy)

    def _taken(self, stream: Stream) -> None:
        """It has room again: what it is owed can be told."""
        self.gauge.taken(stream)
        if stream in self.roster.owed:
            self.main.beat.call_list()
        for name, lookout in self.lookouts.items():
            if stream in lookout.owed:
                self._call(name)

    def _call_behind(self, stream: Stream) -> None:
        if stream not in self.roster.owed:
            for name, lookout in self.lookouts.items():
                if lookout.concerns(stream):
                    self._call(name)

    # --- folders ---

    def mode(self, name: MailboxName) -> Mode:
        return self._solos.mode(name)

    def _station(self, name: MailboxName) -> Lookout:
        self._left.pop(name, None)
        lookout = self.lookouts.get(name)
        if lookout is None:
            lookout = self.lookouts[name] = Lookout(name)
            self.main.beat.add(lookout)
        return lookout

    def _call(self, name: MailboxName) -> None:
        self._solos.beat(name).call(name)

    def _drop(self, name: MailboxName) -> None:
        self.lookouts.pop(name, None)
        self._left.pop(name, None)
        self._solos.drop(name)

    def _arrange(self) -> None:
        named = self.members.named()
        lingering = set(self._solos.names()) & self._left.keys()
        self._solos.arrange([name for name in self.lookouts if name in named or name in lingering])

    def _tidy(self) -> None:
        """Drop what nobody has wanted for as long as things linger."""
        until = asyncio.get_running_loop().time() - self._means.live.linger_seconds + 0.001
        wants = self.members.wants(self.roster.folders)
        for name, left in list(self._left.items()):
            if wants(name):
                del self._left[name]
            elif left <= until:
                self._left.pop(name)
                if name is None:
                    self.roster.wanted = False
                else:
                    self._drop(name)
        self._arrange()
        if not len(self.members) and not self.lookouts:
            self._owner.deserted(self)

    # --- what the watchers ask and tell ---

    def credential(self) -> Account:
        return self.members.credential()

    def audience(self, name: MailboxName) -> list[Stream]:
        return [stream for stream in self.members.seated(name) if stream not in self.roster.owed]

    def heard(self, watcher: Watcher) -> None:
        if watcher.ear is not None:
            self._owner.counted(watcher, watcher.ear.way)
        if watcher is self.main:
            self._arrange()

    def moved(self) -> None:
        loop = asyncio.get_running_loop()
        wait = self.gauge.changed(loop.time())
        if wait is not None:
            loop.call_later(wait, self.main.beat.wake.set)

    def relisted(self) -> None:
        """Folders that are new are watched, those that went are not; then the streams are told."""
        folders = self.roster.folders
        for name, folder in folders.items():
            if folder.may_select and self.roster.wanted:
                lookout = self.lookouts.get(name)
                if lookout is None:
                    lookout = self.lookouts[name] = Lookout(name)
                    self.main.beat.lookouts[name] = lookout
                lookout.folder = folder
        named = self.members.named()
        for name in [name for name in self.lookouts if name not in folders]:
            if name in named:
                self._call(name)  # its streams are told when it can't be opened
            else:
                self._drop(name)
        self._arrange()
        for stream in self.roster.tell(self.members.whole(), self._solos.names()):
            self._call_behind(stream)

    def refused(self, lookout: Lookout, error: NotFound | Refused) -> None:
        """Not to be opened just now, or for good: a stream of the whole account goes on without it."""
        lookout.failures += 1
        lookout.forget()
        if isinstance(error, Refused) and may_pass(error, lookout.failures):
            wait = Backoff(self._means.random, lookout.failures - 1).failed()
            asyncio.get_running_loop().call_later(wait, self._call, lookout.name)
            return
        lookout.first.fail(error)
        if lookout.failures == 1:
            self.main.beat.call_list()
        for stream in self.members.by_name(lookout.name):
            last = all(wire == lookout.name.wire for wire in stream.mark.known)
            self._owner.dismissed(stream, lookout.name, error, last=last)
        if not self.members.wants(self.roster.folders)(lookout.name):
            self._drop(lookout.name)

    def failed(self, watcher: Watcher, error: GatewayError) -> None:
        if watcher is self.main:
            self._disappoint(error)
            self._owner.given_up(self, error)
        else:
            self._solos.failed(watcher)

    def _watcher(self, beat: Beat, *, alone: bool = False) -> Watcher:
        return Watcher(self._means.desk, self._means.live, beat, self, Backoff(self._means.random), alone=alone)
