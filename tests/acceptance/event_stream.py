"""One client's event stream over a connection of its own, and the view of a folder that it keeps."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from gateway.sync.ids import MessageId

from .caller import Caller

Flags = frozenset[str]


@dataclass(frozen=True)
class Event:
    kind: str
    data: Any
    id: str | None


class EventStream:
    """``async with EventStream(port, headers, since=…) as stream``: open, and its hello read."""

    hello: Event

    def __init__(self, port: int, headers: Mapping[str, str], *, since: str | None = None) -> None:
        self._caller = Caller(port, headers)
        self._since = since
        self._pieces: AsyncIterator[bytes] | None = None
        self._held = b""

    async def __aenter__(self) -> Self:
        mark = {"Last-Event-ID": self._since} if self._since is not None else {}
        await self._caller.send("GET", "/events?folders=inbox", headers=mark)
        head = await self._caller.head()
        pieces = self._pieces = self._caller.pieces(head)
        if head.status != 200:
            raise RuntimeError(f"no stream: {head.status} {b''.join([piece async for piece in pieces])!r}")
        self.hello = await self.next()
        assert self.hello.kind == "hello"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._caller.leave()

    async def next(self) -> Event:
        """The next event; comments are skipped. Raises EOFError at the end."""
        assert self._pieces is not None
        while True:
            block, found, rest = self._held.partition(b"\n\n")
            if not found:
                piece = await anext(self._pieces, None)
                if piece is None:
                    raise EOFError("the stream has ended")
                self._held += piece
                continue
            self._held = rest
            event = _event(block.decode())
            if event is not None:
                return event

    async def changes(self) -> Event:
        """The next event, which must be `changes`."""
        event = await self.next()
        assert event.kind == "changes", event
        return event


def _event(block: str) -> Event | None:
    fields = dict(line.partition(": ")[::2] for line in block.split("\n") if not line.startswith(":"))
    return Event(fields["event"], json.loads(fields["data"]), fields.get("id")) if "data" in fields else None


@dataclass
class View:
    """What a client has: messages by UID with their flags, as told by one page and the changes after it."""

    state: str
    messages: dict[int, Flags]
    created: set[int] = field(default_factory=set)
    destroyed: set[int] = field(default_factory=set)
    repeats: list[str] = field(default_factory=list)
    events: int = 0

    @classmethod
    async def read(cls, caller: Caller) -> View:
        page = (await caller.ask("GET", "/folders/inbox/messages?limit=200")).json()
        assert page.get("nextCursor") is None
        messages = {uid_of(message["id"]): frozenset(message["flags"]) for message in page["messages"]}
        return cls(page["state"], messages, set(messages))

    def apply(self, changes: Mapping[str, Any]) -> None:
        """The one function that a client needs, and what a client does not need: looking for gaps and repeats."""
        if changes["oldState"] != self.state:
            self.repeats.append("an event does not go on where the last one ended")
        for message in changes["created"]:
            uid = uid_of(message["id"])
            if uid in self.created:
                self.repeats.append(f"{uid} was created twice")
            self.created.add(uid)
            self.messages[uid] = frozenset(message["flags"])
        for update in changes["updated"]:
            uid = uid_of(update["id"])
            if uid in self.messages:
                self.messages[uid] = frozenset(update["flags"])
        for gone in changes["destroyed"]:
            self.destroyed.add(uid_of(gone))
            self.messages.pop(uid_of(gone), None)
        if changes["coverage"]["destroyed"] == "window":
            self._subtract({uid_of(one) for one in changes["coverage"]["present"]})
        self.state = changes["newState"]
        self.events += 1

    def _subtract(self, present: set[int]) -> None:
        raise AssertionError(f"deletions of so small a folder can be told: {sorted(present)}")


def uid_of(message_id: str) -> int:
    return MessageId.parse(message_id).uid
