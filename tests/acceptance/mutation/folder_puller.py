"""A client that only asks, folder by folder: GET /folders, and then each folder's changes."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from .brief import brief
from .cache import CachedFolder
from .client import Client
from .fleet import passed
from .line import Wrong
from .pages import read_pages

SIZES: Final = (1, 5, 50, 500)
ENDLESS: Final = 600
"""Answers in a row that all say ``hasMore``."""


class FolderPuller(Client):
    """It comes, asks for everything once, and sleeps."""

    async def episode(self, stop: asyncio.Event) -> None:
        await self._sync()
        await passed(stop, self.random.choice((0, 0.1, 0.5, 2.0)) * self.random.random())

    async def rest(self, seconds: float) -> bool:
        await self._sync()
        return True

    async def _sync(self) -> None:
        self.did["syncs"] += 1
        listed = {folder["id"]: folder for folder in (await self.ask("/folders")).json()["folders"]}
        for gone in self.cache.folders.keys() - listed.keys():
            self.note(f"no longer listed: {gone}")
            del self.cache.folders[gone]
        for folder_id, told in listed.items():
            folder = self.cache.folders.setdefault(folder_id, CachedFolder())
            folder.subscribed, folder.selectable = told["isSubscribed"], told["maySelect"]
            if folder.selectable:
                await self._folder(folder_id, folder)
            else:
                self.cache.folders[folder_id] = CachedFolder(folder.subscribed, False)

    async def _folder(self, folder_id: str, folder: CachedFolder) -> None:
        if folder.state is None:
            await read_pages(self, folder_id)
        most = self.random.choice(SIZES)
        for _ in range(ENDLESS):
            folder = self.cache.folders[folder_id]
            if folder.state is None:
                return
            reply = await self.ask(f"/folders/{folder_id}/changes", {"since": folder.state, "maxChanges": str(most)})
            if reply.status != 200:
                self.note(f"{folder_id}: {reply.status} {reply.json()['type']}")
                await read_pages(self, folder_id)
                continue
            told: dict[str, Any] = reply.json()
            self.note(brief(told))
            self.cache.apply(told)
            if not told["hasMore"]:
                return
        raise Wrong(f"the answers do not come to an end: {folder_id}")
