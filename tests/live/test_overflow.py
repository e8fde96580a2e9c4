"""A server that has too much to tell, and says so (NOTIFICATIONOVERFLOW, RFC 5465 section 5.8)."""

from __future__ import annotations

import asyncio

from gateway.live.stream import Stream
from gateway.live.watcher import OVERFLOWS
from gateway.mail.resource import Changes
from tests.servers.dovecot import Dovecot
from tests.servers.faultproxy import FaultProxy
from tests.servers.filling import append, letter

from .account import Watched, watched


async def delivered(account: Watched, stream: Stream, number: int) -> None:
    """A message comes, and is told of."""
    client = await asyncio.to_thread(account.imap)
    await asyncio.to_thread(append, client, "Work", (letter(number),))
    await asyncio.to_thread(client.logout)
    event = await stream.next(10)
    assert isinstance(event, Changes)
    assert [message.subject for message in event.created] == [f"message {number}"]


async def test_all_is_swept_and_notify_set_again_until_that_is_no_use(dovecot: Dovecot) -> None:
    async with FaultProxy(dovecot.host, dovecot.port) as proxy, watched(dovecot, port=proxy.port) as account:
        client = await asyncio.to_thread(account.imap)
        await asyncio.to_thread(client.create, "Work")
        await asyncio.to_thread(client.logout)
        proxy.up.record()
        stream = await account.hub.subscribe(account.account, ["*"], None)
        await stream.next(10)
        for number in range(OVERFLOWS):
            asked = proxy.up.seen.count(b"NOTIFY SET")
            proxy.inject(b"* OK [NOTIFICATIONOVERFLOW] too much\r\n")
            if number < OVERFLOWS - 1:
                async with asyncio.timeout(10):
                    while proxy.up.seen.count(b"NOTIFY SET") == asked:
                        await asyncio.sleep(0.01)
            else:
                await proxy.up.wait_seen(b"IDLE")
            await delivered(account, stream, number)
        assert account.tally.watchers["idle"] == 1
        assert account.tally.watchers["notify"] == 0
