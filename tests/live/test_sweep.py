"""Folders that the server tells nothing of, and flags that no number shows."""

from __future__ import annotations

import asyncio

from gateway.live.sweep import IN_TURN
from gateway.mail.resource import Changes
from gateway.sync.ids import folder_id
from tests.servers.dovecot import Dovecot
from tests.servers.filling import append, letter

from .account import Watched, watched

WITHOUT = ("NOTIFY", "QRESYNC", "CONDSTORE", "ENABLE")
NAMES = [f"F{number}" for number in range(IN_TURN + 3)]


def prepare(account: Watched) -> None:
    client = account.imap()
    for name in NAMES:
        client.create(name)
        append(client, name, (letter(1),))
    client.logout()


async def test_flags_that_status_does_not_show_are_found_in_every_folder_in_turn(dovecot: Dovecot) -> None:
    """More folders than one sweep opens; each is flagged once the one before has been told of."""
    async with watched(dovecot, ignore=WITHOUT, live={"sweep_seconds": 0.1}) as account:
        await asyncio.to_thread(prepare, account)
        stream = await account.hub.subscribe(account.account, ["*"], None)
        await stream.next(20)
        client = await asyncio.to_thread(account.imap)
        for name in NAMES:
            await asyncio.to_thread(client.select, name)
            await asyncio.to_thread(client.store, "1", "+FLAGS", "(\\Flagged)")
            event = await stream.next(20)
            assert isinstance(event, Changes)
            assert event.folder_id == folder_id(name.encode())
            assert [update.flags for update in event.updated] == [["$flagged"]]
        await asyncio.to_thread(client.logout)
