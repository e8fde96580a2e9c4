"""Hearing of every folder on one connection: NOTIFY (RFC 5465)."""

from __future__ import annotations

import asyncio

from gateway.errors import DeadlinePassed, Refused
from gateway.imap.encode.event_group import Scope, Selected, Watched
from gateway.imap.name import MailboxName
from gateway.imap.response import Condition, Listed, Namespaces, Status
from gateway.imap.session import Session
from gateway.imap.session_notify import Notice
from gateway.live.beat import Beat
from gateway.live.ear import asleep, gathered
from gateway.live.event import Mode
from gateway.mail.folder_tree import place
from gateway.mail.folders import counts
from gateway.metrics import WatchMode
from gateway.settings.model import Live

TRUST = 300.0
"""Seconds after which all is swept although the server tells of everything."""
PROBED = 4
"""Folders whose numbers are asked for when the server was silent: one that never tells anything is found out."""


class NotifyEar:
    """No folder is kept open: of the one that is open Dovecot tells in IDLE only, of all others at once."""

    way: WatchMode = "notify"
    anchor: MailboxName | None = None

    def __init__(self, session: Session, beat: Beat, live: Live) -> None:
        self.deaf = False
        self._session, self._beat, self._live = session, beat, live
        self._namespaces = Namespaces()

    async def begin(self) -> bool:
        """Whether the server tells news from now on."""
        self._session.on_notice = self._hear
        try:
            self._namespaces = await self._session.namespace()
            await self._session.notify_none()
            await self._session.notify(Selected(delayed=True), Watched(Scope.PERSONAL))
        except Refused:
            self.end()
            return False
        return True

    def end(self) -> None:
        self._session.on_notice = None

    def mode(self, name: MailboxName) -> Mode:
        return "notify" if self._covers(name) else "sweep"

    def sweep_seconds(self) -> float:
        return TRUST if all(map(self._covers, self._beat.lookouts)) else self._live.sweep_seconds

    async def listen(self, seconds: float) -> None:
        if await asleep(self._session, self._beat, min(seconds, self._live.probe_seconds)):
            await gathered(self._beat, self._live)
        elif seconds > self._live.probe_seconds:
            await self._probe()

    def _covers(self, name: MailboxName) -> bool:
        return place(name, self._namespaces).kind == "personal"

    async def _probe(self) -> None:
        try:
            async with asyncio.timeout(self._live.probe_seconds):
                await self._session.noop()
                await self._ask()
        except TimeoutError:
            raise DeadlinePassed("the mail server did not answer in time") from None

    async def _ask(self) -> None:
        items = counts(self._session)
        for lookout in self._beat.by_age()[:PROBED]:
            lookout.looked_at = asyncio.get_running_loop().time()
            try:
                status = await self._session.status(lookout.name, items)
            except Refused:
                self._beat.call(lookout.name)
            else:
                if lookout.differs(status.values) or lookout.mode == "window":
                    self._beat.call(lookout.name)

    def _hear(self, notice: Notice, ours: bool) -> None:
        match notice:
            case Status(name=name):
                if not ours:  # else the answer has it
                    self._beat.call(name)
            case Listed():
                roster = self._beat.roster
                if not ours or (roster is not None and roster.said(notice)):
                    self._beat.call_list()
            case Condition():
                self.deaf = True
                self._beat.wake.set()
