"""A server that offers NOTIFY and tells of some things only, as Dovecot 2.3 does when there is much to tell."""

from __future__ import annotations

import asyncio
import re

from gateway.live.ear_notify import UNHEARD
from gateway.live.stream import Stream
from gateway.mail.resource import Changes, FolderChanges
from tests.servers.dovecot import Dovecot
from tests.servers.faultproxy import FaultProxy
from tests.servers.filling import append, letter

from .account import Watched, watched

QUICK = {"sweep_seconds": 0.2, "probe_seconds": 0.3}
NEWS = re.compile(rb"(?:\* (?:STATUS|LIST) [^\r]+\r\n)+")


def without_news(piece: bytes) -> bytes:
    return b"" if NEWS.fullmatch(piece) else piece


async def listening(account: Watched) -> Stream:
    stream = await account.hub.subscribe(account.account, ["*"], None)
    await stream.next(10)
    return stream


async def test_a_folder_that_was_not_told_of_is_found_by_a_sweep(dovecot: Dovecot) -> None:
    async with (
        FaultProxy(dovecot.host, dovecot.port) as proxy,
        watched(dovecot, port=proxy.port, live=QUICK) as account,
    ):
        stream = await listening(account)
        proxy.down.rewrite(without_news)
        client = await asyncio.to_thread(account.imap)
        await asyncio.to_thread(client.create, "Work")
        await asyncio.to_thread(client.logout)
        event = await stream.next(10)
        assert isinstance(event, FolderChanges)
        assert [folder.name for folder in event.created] == ["Work"]
        assert account.tally.watchers["notify"] == 1


async def test_a_server_that_tells_nothing_any_more_is_asked_anew(dovecot: Dovecot) -> None:
    live = {"sweep_seconds": 100.0, "probe_seconds": 0.3}
    async with FaultProxy(dovecot.host, dovecot.port) as proxy, watched(dovecot, port=proxy.port, live=live) as account:
        stream = await listening(account)
        proxy.up.record()
        proxy.down.rewrite(without_news)
        client = await asyncio.to_thread(account.imap)
        number = 0
        async with asyncio.timeout(30):
            while b"NOTIFY SET" not in proxy.up.seen:  # a sweep that follows the first miss may find the second one
                await asyncio.to_thread(append, client, "INBOX", (letter(number),))
                event = await stream.next(10)
                assert isinstance(event, Changes)
                assert [message.subject for message in event.created] == [f"message {number}"]
                number += 1
        await asyncio.to_thread(client.logout)
        assert number >= UNHEARD
