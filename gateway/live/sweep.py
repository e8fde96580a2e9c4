"""Finding out which folders changed that the server does not tell of: by the numbers that STATUS gives."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Protocol

from gateway.errors import Refused
from gateway.imap.name import MailboxName
from gateway.imap.session import Session
from gateway.live.beat import Beat
from gateway.live.ear import Ear
from gateway.live.lookout import Lookout
from gateway.mail.folders import counts
from gateway.sync.state import FolderState

FEW = 4
"""So many folders are looked at at once: to ask for their numbers first costs as much."""
IN_TURN = 10
"""Folders without mod-sequences whose flags are looked at in one sweep, those of the oldest look first: STATUS does
not show that flags changed."""
TOGETHER = 50
"""STATUS commands in flight at a time."""

Values = Mapping[str, int | str]


class Listening(Protocol):
    """Who is told that the folder list was read."""

    def relisted(self) -> None: ...


async def sweep(session: Session, beat: Beat, ear: Ear, host: Listening) -> None:
    """Call every folder that changed, and read the list where it is watched."""
    values: Mapping[MailboxName, Values] | None
    if beat.roster is not None and beat.listing:
        values = await beat.roster.read(session)
        host.relisted()
    else:
        swept = [lookout for lookout in beat if lookout.name != ear.anchor]
        if len(swept) <= FEW:
            for lookout in swept:
                beat.call(lookout.name)
            return
        values = await numbers(session, swept, keep=ear.anchor)
    for lookout in beat:
        if lookout.name != ear.anchor:
            _compare(session, beat, lookout, values.get(lookout.name))
    windows = (lookout for lookout in beat.by_age() if lookout.mode == "window" and lookout.name != ear.anchor)
    for lookout in islice(windows, IN_TURN):
        beat.call(lookout.name)


def _compare(session: Session, beat: Beat, lookout: Lookout, values: Values | None) -> None:
    """A first state needs no look where the server numbers all changes, deletions too."""
    whole = lookout.folder.state if lookout.folder is not None else None
    if lookout.state is None and values is not None and whole is not None:
        state = FolderState.parse(whole)
        if state.highestmodseq and session.capabilities.sync_mode() == "qresync":
            lookout.learn(state, values)
            return
    if values is None or lookout.differs(values):
        beat.call(lookout.name)


async def recheck(session: Session, beat: Beat, looked: Iterable[Lookout]) -> None:
    """Leave the folder that is open, and see whether one changed between its look and its leaving: of the open folder
    nothing was told in the words for others."""
    there = [lookout for lookout in looked if lookout.name in beat.lookouts]
    values = await numbers(session, there)
    for lookout in there:
        if lookout.name not in values or lookout.differs(values[lookout.name]):
            beat.call(lookout.name)


async def numbers(
    session: Session, lookouts: Sequence[Lookout], *, keep: MailboxName | None = None
) -> dict[MailboxName, Values]:
    """STATUS of each, which is not meant for an open folder (RFC 9051 section 6.3.11); one that refuses has none."""
    if session.mailbox is not None and session.mailbox.name != keep:
        await session.unselect()
    items, found = counts(session), dict[MailboxName, Values]()
    for start in range(0, len(lookouts), TOGETHER):
        names = [lookout.name for lookout in lookouts[start : start + TOGETHER]]
        for name, values in zip(
            names, await asyncio.gather(*(_numbers(session, n, items) for n in names)), strict=True
        ):
            if values is not None:
                found[name] = values
    return found


async def _numbers(session: Session, name: MailboxName, items: Sequence[str]) -> Values | None:
    try:
        return (await session.status(name, items)).values
    except Refused:
        return None
