"""What streams cost whose clients take nothing."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc

from gateway.live.stream import UNTAKEN, Stream
from gateway.mail.resource import Changes
from gateway.settings.model import Limits
from tests.servers.dovecot import Dovecot
from tests.servers.filling import append, letter

from .account import Watched, watched

STUCK, FOLDERS, ROUNDS = 300, 12, 4
EACH = 8 * 1024
"""Octets that one more stuck stream may cost; docs/sync.md says so."""


def fill(account: Watched, number: int) -> None:
    client = account.imap()
    for folder in range(FOLDERS):
        append(client, f"F{folder}", (letter(number), letter(number + 1)))
    client.logout()


async def caught_up(stream: Stream, count: int) -> None:
    """The one that reads has heard of so many messages."""
    heard = 0
    async with asyncio.timeout(30):
        while heard < count:
            event = await stream.next(30)
            heard += len(event.created) if isinstance(event, Changes) else 0


async def test_hundreds_of_stuck_streams_cost_little_and_lose_nothing(dovecot: Dovecot) -> None:
    """They got stuck at different places, so that they share as little as can be."""
    async with watched(dovecot, limits=Limits(streams_per_account=STUCK + 1)) as account:
        client = await asyncio.to_thread(account.imap)
        for folder in range(FOLDERS):
            await asyncio.to_thread(client.create, f"F{folder}")
        await asyncio.to_thread(client.logout)
        awake = await account.hub.subscribe(account.account, ["*"], None)
        await awake.next(10)
        tracemalloc.start()
        try:
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
            stuck: list[Stream] = []
            for round_ in range(ROUNDS):
                for _ in range(STUCK // ROUNDS):
                    stream = await account.hub.subscribe(account.account, ["*"], None)
                    await stream.next(10)
                    stuck.append(stream)
                await asyncio.to_thread(fill, account, 10 * round_)
                await caught_up(awake, 2 * FOLDERS)
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert (after - before) / STUCK < EACH
        assert all(len(stream._untaken) <= UNTAKEN for stream in stuck)
        for stream in stuck[:: STUCK // ROUNDS]:
            await caught_up(stream, 2 * FOLDERS * (ROUNDS - stuck.index(stream) * ROUNDS // STUCK))
