"""Streams that come, and watchers that go, in each other's way; on scripted servers, one for each connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from gateway.accounts.account import Account
from gateway.errors import SignInRefused, TooManyRequests, Unavailable
from gateway.imap.credential import Password
from gateway.imap.endpoint import Deadlines, Endpoint
from gateway.imap.session import Session
from gateway.live.event import Bye, Hello
from gateway.live.hub import Hub
from gateway.mail.desk import Desk
from gateway.mail.summaries import Summaries
from gateway.metrics import WatchMode
from gateway.pool.pool import Pool
from gateway.pool.target import Target
from gateway.secret import Secret
from gateway.settings.model import Endpoint as ImapSettings
from gateway.settings.model import Limits, Live, PassThrough, Provider
from gateway.sync.ids import folder_id
from tests.imap.scripted import Close, Expect, Meet, Scripted, Send, Step, scripted, selected, signed_in

PROVIDER = Provider(
    name="odd", domains=("example.org",), imap=ImapSettings(host="127.0.0.1", port=1, tls="none"), auth=PassThrough()
)
ACCOUNT = Account(
    "account", "alice@example.org", PROVIDER, Endpoint("127.0.0.1", 1, "none"), Password("alice", Secret("alicepw"))
)
PATIENCE = 5.0


class Tally:
    """How many watchers and streams there are; ``failed`` is set when a watcher has stopped."""

    def __init__(self) -> None:
        self.watchers = self.streams = 0
        self.failed = asyncio.Event()

    def watcher_started(self, provider: str, mode: WatchMode) -> None:
        self.watchers += 1

    def watcher_stopped(self, provider: str, mode: WatchMode) -> None:
        self.watchers -= 1
        self.failed.set()

    def stream_opened(self) -> None:
        self.streams += 1

    def stream_closed(self) -> None:
        self.streams -= 1


def unheard(event: str, **details: object) -> None:
    """The log."""


@asynccontextmanager
async def hub_over(
    servers: Sequence[Scripted], limits: Limits | None = None, linger: float = 30
) -> AsyncIterator[tuple[Hub, Tally]]:
    """The n-th connection goes to the n-th server; there is no way to sign in to one more."""
    left = list(servers)
    limits = limits or Limits()

    async def opener(target: Target) -> Session:
        if not left:
            raise SignInRefused("the password was changed")
        return await Session.open(left.pop(0).endpoint, target.credential, deadlines=Deadlines())

    pool = Pool(limits, opener=opener)
    desk = Desk(pool, limits, time.time, Summaries(0))
    tally = Tally()
    hub = Hub(desk, Live(linger_seconds=linger, coalesce_seconds=0.05), tally, lambda: 0.5, unheard)
    try:
        async with asyncio.timeout(PATIENCE):
            yield hub, tally
    finally:
        await hub.drain()
        await pool.close(0.1)


def watched(name: str) -> list[Step]:
    return [*signed_in("IMAP4rev1 IDLE"), *selected(name, exists=0), Expect("IDLE"), Send(b"+ go on\r\n")]


async def test_a_stream_that_waits_for_its_first_look_ends_with_the_drain() -> None:
    opening, hanging = Meet(), Meet()
    script = [*signed_in("IMAP4rev1 IDLE"), Expect("EXAMINE .+"), opening, hanging]
    async with scripted(*script) as server, hub_over([server]) as (hub, _):
        waiting = asyncio.create_task(hub.subscribe(ACCOUNT, ["inbox"], None))
        await opening.go()
        await hub.drain()
        with pytest.raises(Unavailable):
            await waiting
        server.failure = None
        hanging.released.set()


async def test_an_account_that_can_not_be_signed_in_to_again_ends_its_streams_and_those_to_come() -> None:
    """One has its hello, the other waits for the first look at its second folder, on a connection of its own."""
    cut, opening = Meet(), Meet()
    other = [*signed_in("IMAP4rev1 IDLE"), opening, *watched("Other")[len(signed_in()) :]]
    async with (
        scripted(*watched("INBOX"), cut, Close()) as first,
        scripted(*other) as second,
        hub_over([first, second]) as (hub, tally),
    ):
        stream = await hub.subscribe(ACCOUNT, ["inbox"], None)
        joining = asyncio.create_task(hub.subscribe(ACCOUNT, ["inbox", folder_id(b"Other")], None))
        await opening.reached.wait()
        await cut.go()
        with pytest.raises(SignInRefused):
            await joining
        hello, bye = await stream.next(1), await stream.next(1)
        assert isinstance(hello, Hello)
        assert [folder.folder_id for folder in hello.watching] == [folder_id(b"INBOX")]
        assert isinstance(bye, Bye)
        assert bye.reason == "upstream-refused"
        assert tally.streams == 0


async def test_a_full_account_takes_one_more_when_one_leaves() -> None:
    async with (
        scripted(*watched("INBOX"), Expect("DONE", tagless=True), Send(b"{tag} OK\r\n")) as server,
        hub_over([server], Limits(streams_per_account=2)) as (hub, _),
    ):
        streams = [await hub.subscribe(ACCOUNT, ["inbox"], None) for _ in range(2)]
        with pytest.raises(TooManyRequests):
            await hub.subscribe(ACCOUNT, ["inbox"], None)
        streams[0].close()
        await hub.subscribe(ACCOUNT, ["inbox"], None)
        server.failure = None


async def test_a_watcher_that_fails_while_it_lingers_takes_no_later_one_with_it() -> None:
    changed = Meet()
    script = [
        *watched("INBOX"),
        changed,
        Send(b"* 1 EXISTS\r\n"),
        Expect("DONE", tagless=True),
        Send(b"{tag} OK\r\n"),
        Expect("EXAMINE .+"),
        Send(b"{tag} NO [NONEXISTENT] gone for now\r\n"),
        *watched("INBOX")[len(signed_in()) :],
        Expect("DONE", tagless=True),
    ]
    async with scripted(*script) as server, hub_over([server], linger=0.3) as (hub, tally):
        (await hub.subscribe(ACCOUNT, ["inbox"], None)).close()
        await changed.go()
        await tally.failed.wait()
        await hub.subscribe(ACCOUNT, ["inbox"], None)
        await asyncio.sleep(0.4)  # past the end of the first one's lingering
        assert (tally.watchers, tally.streams) == (1, 1)
        server.failure = None
