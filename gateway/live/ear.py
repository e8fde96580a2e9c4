"""How a connection hears that something changed: what is common to the ways."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Protocol

from gateway.errors import ConnectionLost, DeadlinePassed
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.live.beat import Beat
from gateway.live.event import Mode
from gateway.metrics import WatchMode
from gateway.settings.model import Live


class Ear(Protocol):
    """``way``: by what means. ``anchor``: the folder that is kept open, and so heard of; None where none has to be."""

    way: WatchMode

    @property
    def anchor(self) -> MailboxName | None: ...

    @property
    def deaf(self) -> bool:
        """Whether it hears no more, so that another way is to be taken."""
        ...

    def mode(self, name: MailboxName) -> Mode:
        """How it is found out that this folder changed."""
        ...

    def sweep_seconds(self) -> float:
        """How often all that it does not hear of is to be swept."""
        ...

    async def listen(self, seconds: float) -> None:
        """Until something of the beat has to be looked at, at most so long. Raises what ended the connection."""
        ...


async def asleep(session: Session, beat: Beat, seconds: float) -> bool:
    """Until the beat is woken; False where it was not. Raises ConnectionLost as soon as the connection is."""
    woken, lost = asyncio.create_task(beat.wake.wait()), asyncio.create_task(session.lost.wait())
    try:
        await asyncio.wait((woken, lost), timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
        if lost.done():
            raise session.fault or ConnectionLost("the connection has ended")
        return woken.done()
    finally:
        for task in (woken, lost):
            task.cancel()
        await asyncio.gather(woken, lost, return_exceptions=True)


async def gathered(beat: Beat, live: Live) -> None:
    """What comes within a moment of the first news travels with it."""
    beat.wake.clear()
    await asyncio.sleep(live.coalesce_seconds)


async def proven(session: Session, live: Live) -> None:
    """Raises DeadlinePassed where the server is silent: it may be gone."""
    late = False
    with suppress(TimeoutError):
        async with asyncio.timeout(live.probe_seconds) as limit:
            await session.noop()
        late = limit.expired()
    if late:
        raise DeadlinePassed("the mail server did not answer in time")
