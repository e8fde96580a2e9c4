"""A client of a whole account that listens: what it has, kept in step by events alone, through any number of cuts."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from .account_client import AccountClient, truth
from .events import EventReader, Received, watching


class Listener(AccountClient):
    """An account's client whose changes come by a stream; ``events`` are all that it heard."""

    def __init__(self, http: httpx.AsyncClient, *, folders: str = "*") -> None:
        super().__init__(http)
        self.named = folders
        self.events: list[Received] = []
        self.hello: dict[str, Any] = {}

    async def listen(self, reader: EventReader, timeout: float = 20) -> Received:
        """Hear the next event and apply it."""
        event = await reader.next(timeout)
        self.events.append(event)
        match event.kind:
            case "hello":
                self.hello = event.data
            case "folders":
                self._folders(event.data)
            case "changes":
                self._changes(event.data)
        if event.id is not None:
            self.state = event.id
        return event

    async def follow(self, seconds: float = 30, *, cut_after: int = 1 << 30) -> None:
        """Until it has what there is, going on from its state; at most ``cut_after`` events after the hello."""
        mark = {} if self.state is None else {"since": self.state}
        async with asyncio.timeout(seconds), watching(self._http, folders=self.named, **mark) as reader:
            await self.listen(reader)
            for _ in range(cut_after):
                if await self.in_step():
                    return
                await self.listen(reader, seconds)

    async def in_step(self) -> bool:
        folders, flags = await truth(self._http)
        have = {id_: (folder["isSubscribed"], folder["maySelect"]) for id_, folder in self.folders.items()}
        return have == folders and {id_: message["flags"] for id_, message in self.messages.items()} == flags
