"""A client that watches one folder by its name, whatever becomes of that."""

from __future__ import annotations

from random import Random

from .brief import brief
from .cache import CachedFolder
from .client import Surroundings
from .line import Event, EventLine
from .pages import read_pages
from .stream_client import StreamClient


class FolderStream(StreamClient):
    """``folder_id``: the one folder. Where there is none of that name it looks again now and then."""

    lists = False

    def __init__(self, name: str, around: Surroundings, seed: int, folder_id: str) -> None:
        super().__init__(name, around, seed)
        self._id = folder_id
        self._rereads = Random(seed)

    @property
    def folder(self) -> CachedFolder:
        return self.cache.folders.setdefault(self._id, CachedFolder())

    async def opened(self) -> EventLine | None:
        if self.folder.state is None and not await read_pages(self, self._id):
            return None
        gateway, since = self.around.fleet.any(self.random), self.folder.state
        by_header = self.random.random() < 0.5
        query = {"folders": self._id} | ({} if by_header else {"since": str(since)})
        line = await EventLine.open(gateway.port, self.around.headers, query, since if by_header else None)
        if isinstance(line, EventLine):
            self.note(f"listens at {gateway.port}")
            return line
        self.note(f"no stream: {line.status} {line.json()['type']}")
        await read_pages(self, self._id)
        return None

    async def told(self, event: Event) -> bool:
        match event.kind:
            case "hello":
                self._greeted(event)
                return True
            case "changes":
                self.note(brief(event.data))
                if event.id != event.data["newState"]:
                    self.cache.complaints.append("an event's id is not its newState")
                self.cache.apply(event.data)
                return True
            case "resync":
                self.note(f"resync {event.data['reason']}")
                self.did["resyncs"] += 1
                await read_pages(self, self._id)
                return False
        self.note(f"{event.kind} {event.data}")
        return False

    def _greeted(self, event: Event) -> None:
        for watched in event.data["watching"]:
            if watched["state"] != self.folder.state:
                self.cache.complaints.append("the hello begins elsewhere")
