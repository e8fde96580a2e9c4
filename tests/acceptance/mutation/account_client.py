"""What clients of the whole account share: a place to start from, and asking, in answers small and large."""

from __future__ import annotations

from typing import Any, Final

from .brief import brief, listing
from .client import Client
from .line import Wrong
from .pages import read_pages

SIZES: Final = (1, 3, 20, 256, 1000)
URL: Final = 2_000
"""Characters of a token that still go into an address."""
ENDLESS: Final = 600
"""Answers in a row that all say ``hasMore``."""


class AccountClient(Client):
    """What all do that have one token for everything."""

    token: str | None = None

    async def begin(self) -> None:
        """A place to start from, and then the pages of every folder: those may be newer, which must do no harm."""
        told = (await self.ask("/changes")).json()
        self.cache.folders.clear()
        self.cache.apply_folders(told["folders"])
        self.note(f"begins {listing(told['folders'])}")
        for folder in self.cache.folders.values():
            folder.unread = folder.selectable
        await self.read_unread()
        self.token = told["newState"]

    async def read_unread(self) -> None:
        """One that is gone meanwhile may come again under another name; what moved with it is to be told first."""
        for folder_id, folder in tuple(self.cache.folders.items()):
            if folder.unread and folder.moving is None:
                found = await read_pages(self, folder_id)
                self.cache.folders[folder_id].unread = not found
                self.cache.folders[folder_id].state = None  # its page's; the token's is another one

    async def catch_up(self) -> None:
        """Everything until now. A lost answer costs nothing: the token is as it was."""
        if self.token is None:
            await self.begin()
        for _ in range(ENDLESS):
            told = await self.asked(str(self.token), self.random.choice(SIZES))
            self.take(told)
            await self.read_unread()
            if not told["hasMore"]:
                return
        raise Wrong("the answers do not come to an end")

    def take(self, told: dict[str, Any]) -> None:
        if told["oldState"] != self.token:
            self.cache.complaints.append("the answer is for another token")
        if any(told["folders"].values()):
            self.note(listing(told["folders"]))
        self.cache.apply_folders(told["folders"])
        for changes in told["changes"]:
            self.note(brief(changes))
            if changes["folderId"] not in self.cache.folders:
                self.cache.complaints.append(f"changes of a folder that was never told: {brief(changes)}")
            self.cache.apply(changes, goes_on=False)  # a state moves on without a word where nothing is to be told
        self.token = told["newState"]

    async def asked(self, token: str, most: int) -> dict[str, Any]:
        post = len(token) > URL or self.random.random() < 0.5
        if post:
            reply = await self.ask("/changes", value={"since": token, "maxChanges": most})
        else:
            reply = await self.ask("/changes", {"since": token, "maxChanges": str(most)})
        self.did["syncs"] += 1
        if reply.status != 200:
            self.cache.complaints.append(f"changes of the account: {reply.status} {reply.content!r}")
        told: dict[str, Any] = reply.json()
        return told
