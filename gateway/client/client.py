"""The client: an offline mailbox that syncs, follows and sends.

::

    async with Client("https://gateway.example", token, Path("mail.db")) as client:
        await client.sync()                            # once
        client.flag(message_id, add=["$flagged"])      # at any time, online or not: shown at once, sent on return
        async for event in client.stream():            # for as long as the program runs; it reconnects by itself
            ...
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self
from uuid import uuid4

import httpx

from gateway.client.api import SILENCE_SECONDS, Api, Offline, Refused, Token
from gateway.client.apply import apply
from gateway.client.cache import Cache
from gateway.client.frames import Frame
from gateway.client.outbox import Outbox, Outcome, Waiting
from gateway.client.sender import Sender
from gateway.client.sync import Sync
from gateway.client.values import Folder, Message

_LONGEST_PAUSE: Final = 30.0
_ENDS: Final = ("account-removed",)


class Client:
    """``cache`` is a file, made if there is none; ``folders`` are those wanted, by id or role (None: all of them).

    A few named folders are synced one by one by their own states; all of them by the account's one token.
    A stream that is silent for ``silence`` seconds is dead. ``random`` and ``sleep`` are for tests.
    """

    def __init__(
        self,
        url: str,
        token: Token,
        cache: Path | str,
        *,
        account: str = "me",
        folders: Sequence[str] | None = None,
        http: httpx.AsyncClient | None = None,
        silence: float = SILENCE_SECONDS,
        random: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.cache = Cache(cache)
        self._named = None if folders is None else tuple(folders)
        self._api = Api(url, token, account=account, http=http, silence=silence)
        self._turn = asyncio.Lock()
        self._sync = Sync(self._api, self.cache, self._turn, self._named)
        self._outbox = Outbox(self.cache)
        self._sender = Sender(self._api, self.cache, self._outbox, self._turn, self._sync.holds)
        self._random = random
        self._sleep = sleep

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        async with self._api:
            self.cache.close()

    # The local view: what the cache holds, and the outbox over it

    def folders(self) -> list[Folder]:
        """With the counts as the server told them last."""
        return self.cache.folders()

    def messages(self, folder: str) -> list[Message]:
        """A folder's messages, newest first, as they are once all that waits is sent; ``pending`` tells which wait."""
        known = self._id(folder)
        shown = self._outbox.view(self.cache.messages(known), known)
        return sorted(shown, key=lambda message: (message["receivedAt"], message["id"]), reverse=True)

    def waiting(self) -> list[Waiting]:
        """Changes that are not sent yet."""
        return self._outbox.waiting()

    async def body(self, message: str) -> Any:
        """A message's readable body, from the cache once it was read. Raises Offline, Refused."""
        kept = self.cache.body(message)
        if kept is None:
            kept = await self._api.json("GET", f"/messages/{message}/body")
            self.cache.put_body(message, kept)
        return kept

    # Changes: queued, shown at once, sent by ``send()``, by ``sync()`` and when a stream begins

    def flag(
        self, message: str, *, add: Sequence[str] = (), remove: Sequence[str] = (), if_match: str | None = None
    ) -> None:
        """Add and remove flags, merged with what others do; with an entity tag only if nobody was faster."""
        value: dict[str, Any] = {"add": list(add), "remove": list(remove)}
        self._outbox.put(_key(), "flags", message=message, value=value | ({"ifMatch": if_match} if if_match else {}))

    def move(self, message: str, folder: str) -> None:
        self._outbox.put(_key(), "move", message=message, folder=self._id(folder), value=self._known(message))

    def copy(self, message: str, folder: str) -> str:
        """An id by which the copy can be changed at once, until it has its own."""
        key = _key()
        self._outbox.put(key, "copy", message=message, folder=self._id(folder), value=self._known(message))
        return key

    def delete(self, message: str, *, permanent: bool = False) -> None:
        """Into the trash; for good with ``permanent``, and from the trash itself."""
        trash, known = self.cache.folder("trash"), self.cache.message(message)
        target = None if permanent or trash is None or (known and known["folderId"] == trash["id"]) else trash["id"]
        self._outbox.put(
            _key(), "delete", message=message, folder=target, value=self._known(message) | {"permanent": permanent}
        )

    def store(self, folder: str, content: bytes, *, flags: Sequence[str] = ()) -> str:
        """Put a message there. It should have a Message-ID, by which it is known again if an answer is lost."""
        key, now = _key(), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        value = {"flags": list(flags), "receivedAt": now}
        self._outbox.put(key, "store", folder=self._id(folder), value=value, content=content)
        return key

    # In step with the gateway

    async def send(self) -> list[Outcome]:
        """Send what waits, up to what only a sync can settle.

        Raises Offline, and Refused where it is worth trying again later; nothing is lost by it.
        """
        return await self._sender.send()

    async def sync(self) -> list[Outcome]:
        """Send what waits and fetch what is new; what became of each change sent. Raises Offline, Refused."""
        outcomes = await self._send_if_let()
        for _ in range(len(self.waiting()) + 1):
            await self._sync.run()
            if not self._in_doubt():
                break
            outcomes += self._sender.settle()
            outcomes += await self._send_if_let()
        return outcomes

    async def stream(self) -> AsyncGenerator[Frame, None]:
        """Follow the gateway: each event after it was applied, and ``outbox`` and ``offline`` of the client's own.

        Reconnects for ever, with a growing pause, and goes on where it was. Raises Refused where that won't help.
        """
        failures = 0
        while True:
            pause: float | None = None
            try:
                async with aclosing(self._connection()) as connection:
                    async for frame in connection:
                        failures = 0
                        yield frame
                        if frame.kind == "bye":
                            pause = frame.data["retry"] / 1000
                            if frame.data["reason"] in _ENDS:
                                return
            except Offline:
                pass
            except Refused as refused:
                if refused.status in (401, 403) or not (refused.later or self._recovered(refused)):
                    raise
                pause = refused.retry_after
            failures += 1
            if pause is None:
                pause = min(_LONGEST_PAUSE, 0.5 * 2 ** min(failures, 7)) * (0.5 + self._random() / 2)
            yield Frame("offline", {"seconds": pause})
            await self._sleep(pause)

    async def _connection(self) -> AsyncGenerator[Frame, None]:
        outcomes = await self._send_if_let()
        if self._in_doubt() or not self._sync.complete:
            outcomes += await self.sync()
        if outcomes:
            yield Frame("outbox", outcomes)
        if self._named is not None and not self._sync.chosen():
            raise LookupError("there is none of the folders that are wanted")
        since = self._position()
        params = {"folders": "*" if self._named is None else ",".join(self._sync.chosen())}
        async with self._api.events(params | ({"since": since} if since else {})) as events:
            async for frame in events:
                await self._take(frame, started=since is None)
                yield frame
                if frame.kind == "bye":
                    return

    def _position(self) -> str | None:
        """Where the stream goes on from; None: from now, and what was missed is asked for."""
        if self._named is None:
            return self.cache.mark("token")
        chosen = self._sync.chosen()
        return self.cache.progress(chosen[0])[0] if len(chosen) == 1 else self.cache.mark("stream")

    async def _take(self, frame: Frame, *, started: bool) -> None:
        if frame.kind == "bye" and frame.data["reason"] == "token-expired":
            self._api.renew()
        elif frame.kind == "hello" and started:
            await self._sync.run()
        elif frame.kind in ("changes", "folders"):
            async with self._turn:
                self._apply(frame)
            if frame.kind == "folders" or "moved" in frame.data:
                await self._sync.missing()  # one that had gone when its pages were asked for has another name
        elif frame.kind == "resync":
            async with self._turn:
                with self.cache.transaction():
                    self._reset(frame)
            await self._sync.run()

    def _apply(self, frame: Frame) -> None:
        with self.cache.transaction():
            if self._named is None:
                apply(self.cache, frame.data, token=frame.id)
            else:
                apply(self.cache, frame.data)
                self.cache.set_mark("stream", frame.id)

    def _reset(self, frame: Frame) -> None:
        if frame.data["reason"] == "gone":
            self.cache.drop_folder(frame.data["folderId"])
        else:
            self.cache.reread(frame.data["folderId"])
        if self._named is None and frame.id is not None:
            self.cache.set_mark("token", frame.id)

    def _recovered(self, refused: Refused) -> bool:
        """The stream's state is refused: begin from another one."""
        if not refused.of_state:
            return False
        if self._named is None:
            self._sync.forget_token()
        elif len(self._sync.chosen()) > 1:
            self.cache.set_mark("stream", None)
        else:
            for folder in self._sync.chosen():
                self.cache.reread(folder)
        return True

    async def _send_if_let(self) -> list[Outcome]:
        """What can't be sent now waits, and keeps nobody from reading."""
        try:
            return await self._sender.send()
        except Refused:
            return []

    def _in_doubt(self) -> bool:
        first = self._outbox.first()
        return first is not None and first.doubt

    def _id(self, folder: str) -> str:
        known = self.cache.folder(folder)
        return known["id"] if known else folder

    def _known(self, message: str) -> dict[str, Any]:
        """What a message can be known by again under another id."""
        known = self.cache.message(message)
        return {name: known.get(name) for name in ("emailId", "messageId")} if known else {}


def _key() -> str:
    return uuid4().hex
