"""Sends what waits in the outbox, in order, and settles what is in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email.parser import BytesHeaderParser
from typing import Any, Final
from uuid import uuid4

from gateway.client.api import Api, Refused
from gateway.client.cache import Cache
from gateway.client.outbox import Outbox, Outcome, Waiting, refusals

_GONE: Final = (404, 410)
MOST_TRIES: Final = 5
"""Of a change whose message or folder is here, and which the server knows nothing of. Of a copy and a store only those
that it refused count: what is not known anywhere else is not given up for a connection that breaks."""


class Sender:
    """``turn`` is held from a request until its effect is in the cache, so that effects come in the requests' order.

    ``holds`` tells whether the cache keeps a folder's messages.
    """

    def __init__(
        self, api: Api, cache: Cache, outbox: Outbox, turn: asyncio.Lock, holds: Callable[[str], bool]
    ) -> None:
        self._api = api
        self._cache = cache
        self._outbox = outbox
        self._turn = turn
        self._holds = holds

    async def send(self) -> list[Outcome]:
        """All up to one that is in doubt. Raises Offline, and Refused where it is worth trying again later."""
        outcomes: list[Outcome] = []
        while True:
            async with self._turn:
                change = self._outbox.first()
                if change is None or change.doubt:
                    return outcomes
                if change.tries and change.kind in ("copy", "store"):
                    self._outbox.doubt(change, key=change.key)  # done twice would be one too many: look first
                    return outcomes
                outcome = await self._sent(self._outbox.sending(change))
            if outcome is None:
                return outcomes
            outcomes.append(outcome)

    def settle(self) -> list[Outcome]:
        """Decide on what was in doubt by what the cache, just synced, holds. The rest can be sent after it."""
        change = self._outbox.first()
        if change is None or not change.doubt:
            return []
        twin = None if change.kind == "flags" else self._twin(change)
        there = change.kind == "store" or self._cache.message(change.message or "") is not None
        folder = self._cache.folder(change.folder) if change.folder is not None else None
        reached = change.folder is None or (folder is not None and folder.get("maySelect", True))
        tried = refusals(change) if change.kind in ("copy", "store") else change.tries
        done = twin is not None and (change.kind in ("copy", "store") or not there)
        if not done and there and reached and tried < MOST_TRIES:
            self._outbox.believe(change)
            return []
        with self._cache.transaction():
            self._outbox.drop(change)
            if done and twin is not None:
                self._follow(change, twin)
        if done:
            return [Outcome(change, "done")]
        if not there:
            return [Outcome(change, "gone")]
        return [Outcome(change, "refused", "not-found" if reached else "destination-missing")]

    async def _sent(self, change: Waiting) -> Outcome | None:
        """What became of it; None where nobody knows."""
        try:
            answer = await self._request(change)
        except Refused as refused:
            if refused.later:
                raise
            return self._refused(change, refused)
        with self._cache.transaction():
            self._outbox.drop(change)
            self._done(change, answer)
        return Outcome(change, "done")

    def _refused(self, change: Waiting, refused: Refused) -> Outcome | None:
        if refused.type == "write-in-doubt":
            self._outbox.doubt(change, key=uuid4().hex)
            return None
        if refused.status in _GONE or refused.type == "destination-missing":
            # done by an earlier try, or a folder has another name now
            self._outbox.doubt(change, key=uuid4().hex, refused=True)
            return None
        with self._cache.transaction():
            self._outbox.drop(change)
            if refused.status == 412 and isinstance(refused.body.get("flags"), list):
                self._cache.set_flags(change.message or "", refused.body["flags"])
        return Outcome(change, "changed" if refused.status == 412 else "refused", refused.type)

    async def _request(self, change: Waiting) -> Any:
        message, key = f"/messages/{change.message}", {"Idempotency-Key": change.key}
        match change.kind:
            case "flags":
                patch = {name: change.value[name] for name in ("add", "remove") if change.value[name]}
                tag = change.value.get("ifMatch")
                headers = {"If-Match": tag} if tag else None
                return await self._api.json("PATCH", f"{message}/flags", json=patch, headers=headers)
            case "move" | "copy":
                path = f"{message}/{change.kind}"
                return await self._api.json("POST", path, json={"folder": change.folder}, headers=key)
            case "delete":
                params = {"permanent": "true"} if change.value["permanent"] else None
                return await self._api.json("DELETE", message, params=params)
            case "store":
                params = {"receivedAt": change.value["receivedAt"]}
                if change.value["flags"]:
                    params["flags"] = ",".join(change.value["flags"])
                headers = {"Content-Type": "message/rfc822", **key}
                path = f"/folders/{change.folder}/messages"
                return await self._api.json("POST", path, params=params, content=change.content, headers=headers)

    def _done(self, change: Waiting, answer: Any) -> None:
        """Show what the server has done, as the next changes will tell it too."""
        message = change.message or ""
        if change.kind == "flags":
            self._cache.set_flags(message, answer["flags"])
            return
        made: str | None = answer["id"]
        if made is not None:
            self._follow(change, made)
        elif change.kind in ("move", "delete"):
            self._cache.drop_messages([message])

    def _follow(self, change: Waiting, made: str) -> None:
        """It has this id now: what waits behind it means that one."""
        folder, original = change.folder or "", self._cache.message(change.message or "")
        if change.kind in ("copy", "store"):
            if original and self._holds(folder):
                self._cache.put_messages([{**original, "id": made, "folderId": folder}])
            self._cache.sql("UPDATE outbox SET message = ? WHERE message = ?", made, change.key)
            return
        known = self._cache.message(made)
        self._cache.rename_message(change.message or "", made, folder)
        if known is not None:
            self._cache.put_messages([known])  # told meanwhile, and newer than what was moved
        elif not self._holds(folder):
            self._cache.drop_messages([made])

    def _twin(self, change: Waiting) -> str | None:
        """The message that a move, copy or store made, by the server's id of its content or by its Message-ID."""
        email, numbers = change.value.get("emailId"), set(change.value.get("messageId") or ())
        if change.content is not None:
            header = BytesHeaderParser().parsebytes(change.content).get("Message-ID")
            numbers = {str(header).strip().strip("<>")} if header else set()
        for message in self._cache.messages(change.folder or ""):
            same = email is not None and message.get("emailId") == email
            if same or numbers & set(message.get("messageId") or ()):
                return message["id"]
        return None
