"""Changes made while away: kept in the cache's file, shown at once, and sent in order once there is a way.

Each is safe to repeat. What the server has no trace of any more is an outcome, not an error; and where an answer was
lost the change is in doubt, and settled by what the mailbox holds after the next sync.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email.parser import BytesHeaderParser
from typing import Any, Final, Literal

from gateway.client.cache import Cache
from gateway.client.values import Message

Kind = Literal["flags", "move", "copy", "delete", "store"]
_COLUMNS: Final = "seq, key, kind, message, folder, value, content, tries, doubt"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One change that waits. ``message`` is the id it has now, ``folder`` where it shall go.

    ``key`` is its Idempotency-Key, and until the server tells another the id of what a copy or a store will make.
    ``tries`` counts how often it was sent; one that was sent is sent again as it was.
    """

    seq: int
    key: str
    kind: Kind
    message: str | None
    folder: str | None
    value: dict[str, Any]
    content: bytes | None
    tries: int
    doubt: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a change. ``gone``: its message was not there any more. ``changed``: others were faster (412).

    ``refused``: the server would not, and ``problem`` is its type of problem.
    """

    change: Waiting
    result: Literal["done", "gone", "changed", "refused"]
    problem: str | None = None


class Outbox:
    """The queue, in the cache's file."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def waiting(self) -> list[Waiting]:
        """In the order they are to be sent in."""
        return [_waiting(*row) for row in self._cache.sql(f"SELECT {_COLUMNS} FROM outbox ORDER BY seq")]  # noqa: S608

    def first(self) -> Waiting | None:
        found = self._cache.sql(f"SELECT {_COLUMNS} FROM outbox ORDER BY seq LIMIT 1")  # noqa: S608
        return _waiting(*found[0]) if found else None

    def put(
        self,
        key: str,
        kind: Kind,
        *,
        message: str | None = None,
        folder: str | None = None,
        value: dict[str, Any] | None = None,
        content: bytes | None = None,
    ) -> None:
        """Queue a change, for good once this returns. Flags of one message that wait next to each other become one."""
        with self._cache.transaction():
            if kind == "flags" and self._merged(message, value or {}):
                return
            self._cache.sql(
                "INSERT INTO outbox (key, kind, message, folder, value, content) VALUES (?, ?, ?, ?, ?, ?)",
                key, kind, message, folder, json.dumps(value or {}), content,
            )  # fmt: skip

    def sending(self, change: Waiting) -> Waiting:
        """Note, before it is sent, that it may arrive."""
        with self._cache.transaction():
            self._cache.sql("UPDATE outbox SET tries = tries + 1 WHERE seq = ?", change.seq)
        return replace(change, tries=change.tries + 1)

    def doubt(self, change: Waiting, *, key: str, refused: bool = False) -> None:
        """Nobody knows whether it was done; under the old key the server would only say that again.

        ``refused``: the server has no trace of what it is about. How often it said so is kept with the change.
        """
        value = change.value | ({"refusals": refusals(change) + 1} if refused else {})
        with self._cache.transaction():
            self._cache.sql(
                "UPDATE outbox SET doubt = 1, key = ?, value = ? WHERE seq = ?", key, json.dumps(value), change.seq
            )
            self._cache.sql("UPDATE outbox SET message = ? WHERE message = ?", key, change.key)

    def believe(self, change: Waiting) -> None:
        """It was not done: it is sent again."""
        tries = 0 if change.kind in ("copy", "store") else change.tries
        with self._cache.transaction():
            self._cache.sql("UPDATE outbox SET doubt = 0, tries = ? WHERE seq = ?", tries, change.seq)

    def drop(self, change: Waiting) -> None:
        self._cache.sql("DELETE FROM outbox WHERE seq = ?", change.seq)

    def view(self, messages: Sequence[Message], folder: str) -> list[Message]:
        """``messages`` of a folder as they will be once all that waits is done."""
        shown = {message["id"]: message for message in messages}
        moving: dict[str, Message] = {}
        for change in self.waiting():
            self._show(change, shown, moving)
        return [message for message in {**shown, **moving}.values() if message["folderId"] == folder]

    def _show(self, change: Waiting, shown: dict[str, Message], moving: dict[str, Message]) -> None:
        if change.kind == "store":
            moving[change.key] = _stored(change)
            return
        known = change.message or ""
        message = moving.get(known) or shown.get(known) or self._cache.message(known)
        if message is None:
            return
        after: Message = {**message, "pending": True}
        if change.kind == "flags":
            after["flags"] = merged(message["flags"], change.value)
        elif change.kind == "copy":
            known, after = change.key, {**after, "id": change.key, "folderId": change.folder or ""}
        else:  # a folder without a name is nowhere
            after["folderId"] = change.folder or ""
        moving[known] = after

    def _merged(self, message: str | None, value: dict[str, Any]) -> bool:
        """Whether it became a part of the flags that wait last; what others shall do in between keeps its place."""
        last = self.waiting()[-1:]
        if not last or "ifMatch" in value or "ifMatch" in last[0].value:
            return False
        if (last[0].kind, last[0].message, last[0].tries) != ("flags", message, 0):
            return False
        old = last[0].value
        add = (set(old["add"]) - set(value["remove"])) | set(value["add"])
        remove = (set(old["remove"]) - set(value["add"])) | set(value["remove"])
        both = json.dumps({"add": sorted(add), "remove": sorted(remove)})
        self._cache.sql("UPDATE outbox SET value = ? WHERE seq = ?", both, last[0].seq)
        return True


def refusals(change: Waiting) -> int:
    """How often the server has refused it for what is not there."""
    return int(change.value.get("refusals", 0))


def merged(flags: Sequence[str], change: dict[str, Any]) -> list[str]:
    """Flags after adding and removing; who else added or removed others is not undone."""
    kept = [flag for flag in flags if flag not in change["remove"]]
    return kept + [flag for flag in change["add"] if flag not in kept]


def _waiting(*row: Any) -> Waiting:
    seq, key, kind, message, folder, value, content, tries, doubt = row
    return Waiting(seq, key, kind, message, folder, json.loads(value), content, tries, bool(doubt))


def _stored(change: Waiting) -> Message:
    """A message that is not stored yet, as a row of a list."""
    subject = BytesHeaderParser().parsebytes(change.content or b"").get("Subject")
    return {
        "id": change.key,
        "folderId": change.folder or "",
        "flags": change.value["flags"],
        "receivedAt": change.value["receivedAt"],
        "subject": None if subject is None else str(subject),
        "pending": True,
    }
