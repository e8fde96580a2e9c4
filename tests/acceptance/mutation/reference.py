"""The reference client of the project, as its users run it: a cache on disk, one process here and another one there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import httpx

from gateway.client.api import Offline, Refused
from gateway.client.cache import Cache as StoredCache
from gateway.client.client import Client as Gatewayed
from gateway.client.outbox import Outcome

from .cache import Cache, CachedFolder, seen
from .client import Client, Surroundings
from .fleet import passed
from .line import PASSING, Away, Wrong

SOON = 0.2
"""Longest pause of its own before it comes again, in seconds: a test need not be polite."""


class Reference(Client):
    """It syncs once and leaves; with ``streams`` it stays and listens. Each time at any of the gateways."""

    def __init__(self, name: str, around: Surroundings, seed: int, path: Path, *, streams: bool) -> None:
        super().__init__(name, around, seed)
        self._path, self._streams = path, streams
        self._following: asyncio.Task[None] | None = None

    async def episode(self, stop: asyncio.Event) -> None:
        if not self._streams:
            await self._sync()
            await passed(stop, self.random.choice((0, 0.2, 2.0)) * self.random.random())
            return
        self._follow()
        await passed(stop, self.random.uniform(0.2, 5))
        self._check()
        if not stop.is_set() and self.random.random() < 0.6:
            self.did["cuts"] += 1
            await self.dropped()
            await passed(stop, self.random.choice((0, 0.5, 2.0)) * self.random.random())

    async def rest(self, seconds: float) -> bool:
        if self._streams:
            self._follow()
            await asyncio.sleep(seconds / 8)
            self._check()
        else:
            await self._sync()
        self._read()
        return not self._streams

    async def dropped(self) -> None:
        task, self._following = self._following, None
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))

    def _client(self) -> Gatewayed:
        gateway = self.around.fleet.any(self.random)
        self.note(f"at {gateway.port}")
        return Gatewayed(
            gateway.url,
            self._token,
            self._path,
            http=httpx.AsyncClient(verify=False),  # plain text; certificate authorities would be read each time
            sleep=lambda seconds: asyncio.sleep(min(SOON, seconds)),
        )

    async def _token(self) -> str:
        return self.around.headers["Authorization"].removeprefix("Bearer ")

    async def _sync(self) -> None:
        try:
            async with self._client() as client:
                self._change(client)
                self._became(await client.sync())
            self.did["syncs"] += 1
        except (Offline, Refused) as error:
            raise self._judged(error) from error

    def _change(self, client: Gatewayed) -> None:
        """What it does itself before it syncs: nothing."""

    def _became(self, outcomes: Sequence[Outcome]) -> None:
        """What became of that."""

    def _judged(self, error: Offline | Refused) -> Exception:
        if isinstance(error, Refused) and error.status not in PASSING:
            return Wrong(str(error))
        return Away(str(error))

    def _follow(self) -> None:
        if self._following is None:
            self._following = asyncio.create_task(self._followed())

    async def _followed(self) -> None:
        try:
            async with self._client() as client, aclosing(client.stream()) as events:
                self.did["streams"] += 1
                async for frame in events:
                    self.did["events"] += 1
                    self.note(f"{frame.kind} {frame.data if frame.kind in ('bye', 'resync', 'offline') else ''}")
        except (Offline, Refused) as error:
            raise self._judged(error) from error

    def _check(self) -> None:
        task = self._following
        if task is not None and task.done():
            self._following = None
            task.result()

    def _read(self) -> None:
        """What it has on disk."""
        stored, self.cache = StoredCache(self._path), Cache()
        for folder in stored.folders():
            kept = CachedFolder(bool(folder.get("isSubscribed")), folder.get("maySelect", True))
            kept.messages = {message["id"]: seen(message) for message in stored.messages(folder["id"])}
            self.cache.folders[folder["id"]] = kept
        stored.close()
