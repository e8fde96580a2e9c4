"""Two hundred streams of twenty accounts: every message reaches each of its streams once, over twenty connections.

Of the delays that are shown half a second is Dovecot's own: it lets news gather before it tells an idling client.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from tests.blackbox.gateway_process import GatewayProcess
from tests.servers.dovecot import Dovecot
from tests.servers.filling import append, letter

from .conftest import StartDovecot, StartGateway
from .event_stream import EventStream
from .figures import settled, show

ACCOUNTS, STREAMS, ROUNDS, BATCH = 20, 10, 5, 3
SECONDS = 30


@dataclass
class Listener:
    """One stream and what it was told, by subject, with the moment it came."""

    user: str
    headers: Mapping[str, str]
    stream: EventStream
    heard: list[tuple[str, float]] = field(default_factory=list)
    state: str | None = None

    async def listen(self, count: int) -> None:
        """Until ``count`` messages in all were told."""
        while len(self.heard) < count:
            event = await self.stream.changes()
            self.state = event.id
            now = time.monotonic()
            self.heard += [(str(message["subject"]), now) for message in event.data["created"]]

    @property
    def subjects(self) -> list[str]:
        return [subject for subject, _ in self.heard]


async def test_two_hundred_streams_over_twenty_connections(
    start_dovecot: StartDovecot, start_gateway: StartGateway
) -> None:
    server = start_dovecot()
    gateway = start_gateway(server)
    users = [server.guest()[0] for _ in range(ACCOUNTS)]
    async with AsyncExitStack() as stack:
        began = time.monotonic()
        rooms = {user: await join(stack, gateway, user) for user in users}
        opened = time.monotonic() - began
        listeners = [listener for room in rooms.values() for listener in room]
        connections(gateway, server, streams=ACCOUNTS * STREAMS)
        delays: list[float] = []
        for number in range(1, ROUNDS + 1):
            sent, _ = await asyncio.gather(everybody_gets(server, users, number), all_hear(listeners, number * BATCH))
            delays += [at - sent[one.user, subject] for one in listeners for subject, at in one.heard[-BATCH:]]
        for listener in listeners:
            assert listener.subjects == [f"message {number}" for number in range(1, ROUNDS * BATCH + 1)]
        delays.sort()
        show(
            f"{len(listeners)} streams", opened_in_seconds=opened, told=sum(len(one.heard) for one in listeners),
            delay_median=delays[len(delays) // 2], delay_99=delays[len(delays) * 99 // 100], delay_most=delays[-1],
        )  # fmt: skip
        connections(gateway, server, streams=ACCOUNTS * STREAMS)
        await missed_meanwhile(stack, gateway, server, rooms)
    assert await asyncio.to_thread(settled, lambda: gateway.metric("imapgw_streams") == 0)


async def join(stack: AsyncExitStack, gateway: GatewayProcess, user: str) -> list[Listener]:
    """STREAMS streams of one account, each with a token of its own."""
    room = []
    for _ in range(STREAMS):
        headers = gateway.headers(user, ttl=3000)
        stream = await stack.enter_async_context(EventStream(gateway.port, headers))
        room.append(Listener(user, headers, stream, state=stream.hello.id))
    return room


async def everybody_gets(server: Dovecot, users: list[str], round_: int) -> dict[tuple[str, str], float]:
    """BATCH messages to each INBOX; by user and subject, the moment when it was stored."""
    stored: dict[tuple[str, str], float] = {}

    def deliver(user: str) -> None:
        client = server.client(user)
        for number in range((round_ - 1) * BATCH + 1, round_ * BATCH + 1):
            append(client, "INBOX", (letter(number),))
            stored[user, f"message {number}"] = time.monotonic()
        client.logout()

    with ThreadPoolExecutor(4) as threads:
        await asyncio.gather(*(asyncio.get_running_loop().run_in_executor(threads, deliver, user) for user in users))
    return stored


async def all_hear(listeners: list[Listener], count: int) -> None:
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
        for listener in listeners:
            group.create_task(listener.listen(count))


def connections(gateway: GatewayProcess, server: Dovecot, *, streams: int) -> None:
    """As many as watchers, whatever the number of streams; counted by the mail server too."""
    assert gateway.metric("imapgw_streams") == streams
    assert gateway.metric("imapgw_watchers") == ACCOUNTS
    assert settled(lambda: server.who() == ACCOUNTS), server.who()
    assert gateway.metric("imapgw_imap_connections") == ACCOUNTS
    show("connections", streams=streams, watchers=ACCOUNTS, mail_server_counts=server.who())


async def missed_meanwhile(
    stack: AsyncExitStack, gateway: GatewayProcess, server: Dovecot, rooms: Mapping[str, list[Listener]]
) -> None:
    """One stream of each account breaks and misses a round; it goes on with exactly that, and no other hears twice."""
    for room in rooms.values():
        await room[0].stream.__aexit__(None, None, None)
    await everybody_gets(server, list(rooms), ROUNDS + 1)
    for room in rooms.values():
        broken = room[0]
        broken.stream = await stack.enter_async_context(EventStream(gateway.port, broken.headers, since=broken.state))
        assert broken.stream.hello.id == broken.state
    listeners = [listener for room in rooms.values() for listener in room]
    await all_hear(listeners, (ROUNDS + 1) * BATCH)
    for listener in listeners:
        assert listener.subjects == [f"message {number}" for number in range(1, (ROUNDS + 1) * BATCH + 1)]
    show("resumed", streams=ACCOUNTS, missed_and_told=ACCOUNTS * BATCH)
