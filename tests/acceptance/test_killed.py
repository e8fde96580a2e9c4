"""A gateway is killed under two hundred streams, while mail comes in: each goes on at another one from what it heard
last, and has in the end heard every message once."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from tests.blackbox.gateway_process import GatewayProcess
from tests.servers.dovecot import Dovecot
from tests.servers.filling import append, letter

from .conftest import StartDovecot, StartGateway
from .event_stream import EventStream
from .figures import show

ACCOUNTS: Final = 20
STREAMS: Final = 10
MESSAGES: Final = 30
KILLED_AFTER: Final = 8
"""Messages that each stream has heard when the gateway is killed: the rest comes before, under and after its death."""
SECONDS: Final = 60.0
LOST: Final = (EOFError, ConnectionError, asyncio.IncompleteReadError)


@dataclass
class Listener:
    """One client: at the first gateway that there is, from where it was."""

    headers: Mapping[str, str]
    gateways: list[GatewayProcess]
    state: str | None = None
    heard: list[str] = field(default_factory=list)
    losses: int = 0
    far: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, ready: asyncio.Barrier) -> None:
        while len(self.heard) < MESSAGES:
            try:
                async with EventStream(self.gateways[0].port, self.headers, since=self.state) as stream:
                    assert self.state in (None, stream.hello.id)
                    if self.state is None:
                        self.state = stream.hello.id
                        await ready.wait()
                    await self._take(stream)
            except LOST:
                self.losses += 1

    async def _take(self, stream: EventStream) -> None:
        while len(self.heard) < MESSAGES:
            event = await stream.changes()
            assert event.data["oldState"] == self.state
            self.state = event.id
            self.heard += [str(message["subject"]) for message in event.data["created"]]
            if len(self.heard) >= KILLED_AFTER:
                self.far.set()


async def test_kill_9_under_two_hundred_streams(start_dovecot: StartDovecot, start_gateway: StartGateway) -> None:
    server = start_dovecot()
    gateways = [start_gateway(server), start_gateway(server)]
    users = [server.guest()[0] for _ in range(ACCOUNTS)]
    listeners = [Listener(gateways[0].headers(user, ttl=3000), gateways) for user in users for _ in range(STREAMS)]
    ready = asyncio.Barrier(len(listeners) + 1)
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
        for listener in listeners:
            group.create_task(listener.listen(ready))
        await ready.wait()
        assert gateways[0].metric("imapgw_streams") == len(listeners)
        dies = threading.Event()
        coming = group.create_task(mail_comes(server, users, dies))
        await asyncio.gather(*(listener.far.wait() for listener in listeners))
        dead = gateways.pop(0)
        killed = time.monotonic()
        await asyncio.to_thread(dead.stop, signal.SIGKILL)
        dies.set()
        await coming
    for listener in listeners:
        assert listener.heard == [f"message {number}" for number in range(MESSAGES)]
        assert listener.losses
    assert all(listener.losses < 3 for listener in listeners)
    show("killed", streams=len(listeners), messages=len(listeners) * MESSAGES, seconds=time.monotonic() - killed)


async def mail_comes(server: Dovecot, users: list[str], dies: threading.Event) -> None:
    """To all of them at once, one message after the other; the last ten when the gateway is dead."""
    loop = asyncio.get_running_loop()

    def deliver(user: str) -> None:
        client = server.client(user)
        for number in range(MESSAGES):
            if number == MESSAGES - 10 and not dies.wait(SECONDS):
                raise TimeoutError
            append(client, "INBOX", (letter(number),))
            time.sleep(0.02)
        client.logout()

    with ThreadPoolExecutor(len(users)) as threads:
        await asyncio.gather(*(loop.run_in_executor(threads, deliver, user) for user in users))
