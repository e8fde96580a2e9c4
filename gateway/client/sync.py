"""Brings the cache up to the gateway's truth by asking: pages of what is not here yet, and changes since then."""

from __future__ import annotations

import asyncio
from typing import Final

from gateway.client.api import Api, Refused
from gateway.client.apply import apply
from gateway.client.cache import FROM_THE_TOP, Cache
from gateway.client.values import Folder

PAGE: Final = 200
_UNREADABLE: Final = (403, 404, 410, 422)
_REBUILDS: Final = 5
"""How often a folder is begun anew within one sync."""


class Sync:
    """``named``: these folders only, by id or role, each by its own state; None: the account, by one token.

    ``turn`` is held from a request until its answer is applied: nothing older is applied after something newer.
    """

    def __init__(self, api: Api, cache: Cache, turn: asyncio.Lock, named: tuple[str, ...] | None) -> None:
        self._api = api
        self._cache = cache
        self._turn = turn
        self._named = named

    def holds(self, folder: str) -> bool:
        """Whether the folder's messages are kept here."""
        if self._named is None:
            return bool(self._cache.sql("SELECT 1 FROM folder WHERE id = ?", folder))
        return folder in self.chosen()

    def chosen(self) -> list[str]:
        """Ids of the named folders that there are."""
        found = (self._cache.folder(ref) for ref in self._named or ())
        return list(dict.fromkeys(folder["id"] for folder in found if folder))

    @property
    def complete(self) -> bool:
        """Whether there is a state to go on from for all that is kept, and no page is missing."""
        unread = set(self._cache.unread())
        if self._named is None:
            return self._cache.mark("token") is not None and not unread
        chosen = self.chosen()
        stated = all(self._cache.progress(folder)[0] for folder in chosen)
        return len(chosen) == len(self._named) and stated and not unread.intersection(chosen)

    async def run(self) -> None:
        """Raises Offline, Refused; what was applied until then stays, and the next run goes on from it."""
        if self._named is None:
            await self._account()
            if await self._pages(self._cache.unread()):
                await self._account()
        else:
            await self._list()
            for folder in self.chosen():
                await self._folder(folder)
        with self._cache.transaction():
            self._cache.drop_unused_bodies()

    def forget_token(self) -> None:
        """The account's state is of no use any more: begin anew, with what is here until the pages say otherwise."""
        self._cache.set_mark("token", None)

    async def _account(self) -> None:
        more = True
        while more:
            async with self._turn:
                since = self._cache.mark("token")
                try:
                    value = await self._api.account_changes(since)
                except Refused as refused:
                    if since is None or not refused.of_state:
                        raise
                    self.forget_token()
                    continue
                apply(self._cache, value)
                more = value["hasMore"]

    async def _pages(self, folders: list[str]) -> bool:
        """Read on where pages are missing; whether any was read. What can't be read now is left for the next time."""
        read = False
        for folder in folders:
            while await self._page(folder):
                read = True
        return read

    async def _page(self, folder: str) -> bool:
        """The next page; False where there is none, or none can be had."""
        async with self._turn:
            cursor = self._cache.progress(folder)[1]
            if cursor is None:
                return False
            try:
                page = await self._api.page(folder, cursor, PAGE)
            except Refused as refused:
                if refused.status == 400 and cursor != FROM_THE_TOP:
                    self._cache.set_cursor(folder, FROM_THE_TOP)
                    return True
                if refused.status not in _UNREADABLE:
                    raise
                return False
            with self._cache.transaction():
                self._cache.put_messages(page["messages"])
                self._cache.set_cursor(folder, page["nextCursor"])
                if cursor == FROM_THE_TOP:
                    self._cache.set_state(folder, page["state"])
                if page["nextCursor"] is None:
                    self._cache.drop_stale(folder)
            return True

    async def _list(self) -> None:
        async with self._turn:
            folders = await self._api.folders()
            with self._cache.transaction():
                self._take_list(folders)

    def _take_list(self, folders: list[Folder]) -> None:
        listed = {folder["id"] for folder in folders}
        for known in self._cache.folders():
            if known["id"] not in listed:
                self._cache.drop_folder(known["id"])
        for folder in folders:
            self._cache.put_folder(folder)

    async def _folder(self, folder: str) -> None:
        for _ in range(_REBUILDS):
            await self._pages([folder])
            more: bool | None = True
            while more:
                async with self._turn:
                    more = await self._step(folder)
            if more is False:
                return

    async def _step(self, folder: str) -> bool | None:
        """The next changes of a folder: whether there are more; None where it is to be read anew."""
        since = self._cache.progress(folder)[0]
        if since is None:
            return False  # gone, or not to be read
        try:
            value = await self._api.folder_changes(folder, since)
        except Refused as refused:
            if refused.status == 404:
                self._cache.drop_folder(folder)
                return False
            if not refused.of_state:
                raise
            with self._cache.transaction():
                self._cache.reread(folder)
            return None
        apply(self._cache, value)
        return value["hasMore"]
