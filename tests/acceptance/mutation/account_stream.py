"""A client that listens to all folders of its account at once, and to their list."""

from __future__ import annotations

from .account_client import AccountClient
from .brief import brief, listing
from .line import Event, EventLine
from .pages import read_pages
from .stream_client import StreamClient

HEADER = 4_000
"""Characters of a token that fit into a header or an address; a longer one is exchanged for changes first."""


class AccountStream(AccountClient, StreamClient):
    """Its token is the id of the last event that had one; what came after that is taken in with the next that has."""

    def __init__(self, *args: object, **named: object) -> None:
        super().__init__(*args, **named)  # type: ignore[arg-type]
        self._waiting: list[Event] = []

    async def opened(self) -> EventLine | None:
        self._waiting.clear()
        if self.token is None:
            await self.begin()
        token = str(self.token)
        if len(token) > HEADER:
            await self.catch_up()
        gateway = self.around.fleet.any(self.random)
        by_header = self.random.random() < 0.5
        query = {"folders": "*"} | ({} if by_header else {"since": token})
        line = await EventLine.open(gateway.port, self.around.headers, query, token if by_header else None)
        if isinstance(line, EventLine):
            self.note(f"listens at {gateway.port}")
            return line
        self.cache.complaints.append(f"no stream of the account: {line.status} {line.content!r}")
        return None

    async def told(self, event: Event) -> bool:
        match event.kind:
            case "hello":
                ways = sorted({watched["mode"] for watched in event.data["watching"]})
                self.note(f"hello {ways}, list by {event.data['folderEvents']}")
                for way in ways:
                    self.did[f"by {way}"] += 1
                return True
            case "changes" | "folders":
                self.note(brief(event.data) if event.kind == "changes" else listing(event.data))
                self._waiting.append(event)
                if event.id is not None:
                    self._take_in(event.id)
                    await self.read_unread()
                return True
            case "resync":
                self.note(f"resync {event.data['reason']}")
                self.did["resyncs"] += 1
                await read_pages(self, event.data["folderId"])
                self.cache.folders[event.data["folderId"]].state = None
                return True
        self.note(f"{event.kind} {event.data}")
        return False

    def _take_in(self, token: str) -> None:
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            if event.kind == "folders":
                self.cache.apply_folders(event.data)
                continue
            if event.data["folderId"] not in self.cache.folders:
                self.cache.complaints.append(f"changes of a folder that was never told: {brief(event.data)}")
            self.cache.apply(event.data, goes_on=False)
        self.token = token
