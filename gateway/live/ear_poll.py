"""Hearing nothing, for the server tells nothing: all is swept, now and then."""

from __future__ import annotations

from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.live.beat import Beat
from gateway.live.ear import asleep, gathered
from gateway.live.event import Mode
from gateway.metrics import WatchMode
from gateway.settings.model import Live


class PollEar:
    way: WatchMode = "poll"
    anchor: MailboxName | None = None
    deaf = False

    def __init__(self, session: Session, beat: Beat, live: Live) -> None:
        self._session, self._beat, self._live = session, beat, live

    def mode(self, name: MailboxName) -> Mode:
        return "poll"

    def sweep_seconds(self) -> float:
        return self._live.poll_seconds

    async def listen(self, seconds: float) -> None:
        if await asleep(self._session, self._beat, seconds):
            await gathered(self._beat, self._live)
