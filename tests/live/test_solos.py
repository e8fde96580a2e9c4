"""Folders by name where a connection hears of one only: each has its own while there is room, the others are swept."""

from __future__ import annotations

import asyncio

from gateway.live.event import Hello
from gateway.live.stream import Stream
from gateway.mail.resource import Changes
from gateway.settings.model import Limits
from gateway.sync.ids import folder_id
from tests.servers.dovecot import Dovecot
from tests.servers.filling import append, letter

from .account import Watched, watched

NAMES = [f"F{number}" for number in range(5)]
TIGHT = Limits(provider_connections_per_account=4, connections_per_account=1)  # three may watch


def prepare(account: Watched) -> None:
    client = account.imap()
    for name in NAMES:
        client.create(name)
    client.logout()


async def modes(stream: Stream) -> list[str]:
    hello = await stream.next(10)
    assert isinstance(hello, Hello)
    return [each.mode for each in hello.watching]


async def test_named_folders_beyond_the_budget_are_swept_and_none_is_left_out(dovecot: Dovecot) -> None:
    async with watched(dovecot, ignore=("NOTIFY",), limits=TIGHT) as account:
        await asyncio.to_thread(prepare, account)
        stream = await account.hub.subscribe(account.account, [folder_id(name.encode()) for name in NAMES], None)
        assert sorted(await modes(stream)) == ["idle"] * 3 + ["sweep"] * 2
        assert account.tally.watchers["idle"] == 3
        client = await asyncio.to_thread(account.imap)
        heard = set()
        for name in NAMES:
            await asyncio.to_thread(append, client, name, (letter(1),))
            event = await stream.next(10)
            assert isinstance(event, Changes)
            heard.add(event.folder_id)
        assert heard == {folder_id(name.encode()) for name in NAMES}
        await asyncio.to_thread(client.logout)


async def test_a_folder_that_nobody_names_any_more_gives_its_connection_back(dovecot: Dovecot) -> None:
    async with watched(dovecot, ignore=("NOTIFY",), limits=TIGHT) as account:
        await asyncio.to_thread(prepare, account)
        ids = [folder_id(name.encode()) for name in NAMES]
        first = await account.hub.subscribe(account.account, ids[:3], None)
        assert await modes(first) == ["idle"] * 3
        first.close()
        async with asyncio.timeout(10):
            while +account.tally.watchers:
                await asyncio.sleep(0.05)
        second = await account.hub.subscribe(account.account, ids[3:], None)
        assert await modes(second) == ["idle"] * 2
        assert account.tally.watchers["idle"] == 2


async def test_the_whole_account_and_a_folder_by_name_share_what_they_watch(dovecot: Dovecot) -> None:
    async with watched(dovecot, ignore=("NOTIFY",)) as account:
        await asyncio.to_thread(prepare, account)
        named = await account.hub.subscribe(account.account, [folder_id(b"F1")], None)
        (await account.hub.subscribe(account.account, ["*"], None)).close()
        async with asyncio.timeout(10):
            while account.tally.watchers["idle"] < 2:  # the inbox is the main one's now, and the folder has its own
                await asyncio.sleep(0.02)
        whole = await account.hub.subscribe(account.account, ["*"], None)
        hello = await whole.next(10)
        assert isinstance(hello, Hello)
        heard = {each.folder_id: each.mode for each in hello.watching}
        assert heard[folder_id(b"INBOX")] == heard[folder_id(b"F1")] == "idle"
        assert heard[folder_id(b"F2")] == "sweep"
        await named.next(10)
        client = await asyncio.to_thread(account.imap)
        await asyncio.to_thread(append, client, "F1", (letter(1),))
        first, second = await named.next(10), await whole.next(10)
        assert first == second
        assert isinstance(first, Changes)
        assert [message.subject for message in first.created] == ["message 1"]
        await asyncio.to_thread(client.logout)
