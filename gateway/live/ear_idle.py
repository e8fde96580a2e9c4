"""Hearing of one folder, which is kept open: IDLE (RFC 2177). All others are swept."""

from __future__ import annotations

import asyncio

from gateway.errors import DeadlinePassed
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.live.beat import Beat
from gateway.live.ear import asleep, gathered, proven
from gateway.live.event import Mode
from gateway.metrics import WatchMode
from gateway.settings.model import Live

INBOX = MailboxName(b"INBOX")


class IdleEar:
    """The inbox is heard where it is of the beat, else the folder that has been of it longest."""

    way: WatchMode = "idle"
    deaf = False

    def __init__(self, session: Session, beat: Beat, live: Live) -> None:
        self._session, self._beat, self._live = session, beat, live

    @property
    def anchor(self) -> MailboxName | None:
        return INBOX if INBOX in self._beat.lookouts else next(iter(self._beat.lookouts), None)

    def mode(self, name: MailboxName) -> Mode:
        return "idle" if name == self.anchor else "sweep"

    def sweep_seconds(self) -> float:
        alone = len(self._beat.lookouts) <= 1 and not self._beat.listing
        return float("inf") if alone else self._live.sweep_seconds

    async def listen(self, seconds: float) -> None:
        """A server that accepts IDLE and then says nothing is found out: a silent folder is called."""
        lookout = self._beat.lookouts.get(self.anchor) if self.anchor is not None else None
        if lookout is None or self._session.mailbox is None:
            if not await asleep(self._session, self._beat, min(seconds, self._live.probe_seconds)):
                await proven(self._session, self._live)
            return
        loop = asyncio.get_running_loop()
        patience = max(0.0, lookout.looked_at + self._live.probe_seconds - loop.time())
        try:
            async with asyncio.timeout(self._live.probe_seconds) as limit:
                changed = await self._idle(min(seconds, patience), limit)
        except TimeoutError:
            raise DeadlinePassed("the mail server did not answer in time") from None
        if changed or loop.time() >= lookout.looked_at + self._live.probe_seconds:
            self._beat.call(lookout.name)

    async def _idle(self, seconds: float, limit: asyncio.Timeout) -> bool:
        """``limit`` runs while the server's answer is due: to IDLE itself, and to its end."""
        loop = asyncio.get_running_loop()
        async with self._session.idle() as pushes:
            limit.reschedule(None)
            changed = asyncio.create_task(pushes.wait(seconds))
            called = asyncio.create_task(self._beat.wake.wait())
            try:
                await asyncio.wait((changed, called), return_when=asyncio.FIRST_COMPLETED)
                news = changed.done() and changed.result()
                if news or called.done():
                    await gathered(self._beat, self._live)
                return news
            finally:
                for task in (changed, called):
                    task.cancel()
                await asyncio.gather(changed, called, return_exceptions=True)
                limit.reschedule(loop.time() + self._live.probe_seconds)
