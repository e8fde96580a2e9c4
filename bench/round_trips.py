"""How many IMAP round trips a request takes: a relay before the mail server counts whose turn it is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from functools import partial
from statistics import median
from types import TracebackType
from typing import Final, Self

from bench.gateway_api import GatewayApi
from bench.site import Site, upstream_of
from bench.work import Work
from tests.blackbox.gateway_process import GatewayProcess

REQUESTS: Final = 20
DELAY_SECONDS: Final = 0.005
"""What the server says takes so long: what is sent meanwhile did not wait for it, however the processor was shared."""
_CHUNK: Final = 1 << 20


class Relay:
    """A thread of its own. ``turns``: how often a client has spoken first, or after it was answered."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.turns = 0
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        starting = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop)
        self._server = starting.result(10)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        asyncio.run_coroutine_threadsafe(_end_tasks(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target, limit=_CHUNK)
        answered = True

        async def up() -> None:
            nonlocal answered
            while data := await reader.read(_CHUNK):
                self.turns += answered
                answered = False
                far_writer.write(data)

        async def down() -> None:
            nonlocal answered
            while data := await far_reader.read(_CHUNK):
                await asyncio.sleep(DELAY_SECONDS)
                answered = True
                writer.write(data)

        try:
            await asyncio.wait(
                [asyncio.ensure_future(up()), asyncio.ensure_future(down())], return_when="FIRST_COMPLETED"
            )
        finally:
            writer.close()
            far_writer.close()


async def _end_tasks() -> None:
    own = asyncio.current_task()
    tasks = [task for task in asyncio.all_tasks() if task is not own]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def round_trips(place: Site, say: Callable[[str], None]) -> Mapping[Work, float]:
    """Of the works that a gateway on its own can be asked for, one client, warm."""
    user = place.users[0]
    with (
        Relay("127.0.0.1", place.server.tls_port) as relay,
        GatewayProcess(upstream_of(place.server, relay.port), place.gateway.tokens) as gateway,
    ):
        client = GatewayApi(gateway.url, lambda _: gateway.headers(user, ttl=3000)).client(0)
        found = {work: _count(relay, partial(client.do, work)) for work in Work if work in client.can}
        client.close()
    say("IMAP round trips: " + ", ".join(f"{work.value} {trips:.1f}" for work, trips in found.items()))
    return found


def _count(relay: Relay, do: Callable[[], None]) -> float:
    """The median: a gateway that was held up between two writes seems to have waited."""
    counts = []
    for _ in range(REQUESTS):
        before = relay.turns
        do()
        counts.append(relay.turns - before)
    return median(counts)
