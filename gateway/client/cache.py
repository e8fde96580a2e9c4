"""What the client has, in one SQLite file: folders, messages, bodies, how far it came, and what it has yet to send.

Each change and the state it leads to are one transaction. So whatever ends the process, and when, the file holds a
mailbox together with the state that it is the mailbox of, and the next run goes on from there.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from gateway.client.values import Folder, Message

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS folder (id TEXT PRIMARY KEY, value TEXT NOT NULL, state TEXT, cursor TEXT);
CREATE TABLE IF NOT EXISTS message (
    id TEXT PRIMARY KEY, folder TEXT NOT NULL, flags TEXT NOT NULL, value TEXT NOT NULL, email TEXT,
    stale INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS message_folder ON message (folder);
CREATE TABLE IF NOT EXISTS body (key TEXT PRIMARY KEY, id TEXT NOT NULL, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, kind TEXT NOT NULL, message TEXT, folder TEXT,
    value TEXT NOT NULL, content BLOB, tries INTEGER NOT NULL DEFAULT 0, doubt INTEGER NOT NULL DEFAULT 0);
"""
FROM_THE_TOP: Final = ""
"""The cursor of a folder whose pages are to be read from the newest message on; None: all of it is here."""
ONCE_MOVED: Final = "moved"
"""The cursor of one that was renamed before its pages were read: what they tell could be renamed once more, and then
``moved`` would not name it. So they are read from the top once ``moved`` has come."""


class Cache:
    """``path`` may be ``:memory:``. One process at a time; not safe to share between threads."""

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; within another one, a part of that."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def sql(self, statement: str, *values: object) -> list[Any]:
        """The rows of any statement of SQL."""
        return self._db.execute(statement, values).fetchall()

    # How far the client came

    def mark(self, name: str) -> str | None:
        """``token``: the account's state; ``stream``: that of a stream of several named folders."""
        found = self.sql("SELECT value FROM mark WHERE name = ?", name)
        return str(found[0][0]) if found else None

    def set_mark(self, name: str, value: str | None) -> None:
        if value is None:
            self.sql("DELETE FROM mark WHERE name = ?", name)
        else:
            self.sql("INSERT OR REPLACE INTO mark VALUES (?, ?)", name, value)

    # Folders

    def folders(self) -> list[Folder]:
        return [json.loads(value) for (value,) in self.sql("SELECT value FROM folder ORDER BY id")]

    def folder(self, ref: str) -> Folder | None:
        """By id or role."""
        found = self.sql("SELECT value FROM folder WHERE id = ?", ref)
        if found:
            known: Folder = json.loads(found[0][0])
            return known
        return next((each for each in self.folders() if each.get("role") == ref), None)

    def put_folder(self, folder: Folder, *, cursor: str | None = FROM_THE_TOP) -> None:
        """``cursor`` is that of a folder which is not there yet."""
        self.sql(
            "INSERT INTO folder (id, value, cursor) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            folder["id"], json.dumps(folder), cursor,
        )  # fmt: skip

    def drop_folder(self, folder: str) -> None:
        self.sql("DELETE FROM message WHERE folder = ?", folder)
        self.sql("DELETE FROM folder WHERE id = ?", folder)

    def empty(self, folder: str) -> None:
        """It is there, and has no messages nor pages to be read."""
        self.sql("DELETE FROM message WHERE folder = ?", folder)
        self.set_cursor(folder, None)

    def rename_folder(self, old: str, folder: Folder) -> None:
        """Its messages stay under their old ids, stale, until their new ones are told."""
        new = folder["id"]
        if self.sql("SELECT 1 FROM folder WHERE id = ?", old):
            self.sql("DELETE FROM folder WHERE id = ?", new)
            self.sql("UPDATE folder SET id = ?, state = NULL WHERE id = ?", new, old)
            self.sql("UPDATE folder SET cursor = ? WHERE id = ? AND cursor IS NOT NULL", ONCE_MOVED, new)
        self.sql("UPDATE message SET folder = ?, stale = 1 WHERE folder = ?", new, old)
        self.sql("UPDATE outbox SET folder = ? WHERE folder = ?", new, old)
        self.put_folder(folder)

    def progress(self, folder: str) -> tuple[str | None, str | None]:
        """State and cursor."""
        found = self.sql("SELECT state, cursor FROM folder WHERE id = ?", folder)
        return found[0] if found else (None, None)

    def set_state(self, folder: str, state: str | None) -> None:
        self.sql("UPDATE folder SET state = ? WHERE id = ?", state, folder)

    def set_cursor(self, folder: str, cursor: str | None) -> None:
        self.sql("UPDATE folder SET cursor = ? WHERE id = ?", cursor, folder)

    def moved(self, folder: str) -> None:
        """The new ids of its messages have been told."""
        self.sql("UPDATE folder SET cursor = ? WHERE id = ? AND cursor = ?", FROM_THE_TOP, folder, ONCE_MOVED)

    def unread(self) -> list[str]:
        """Folders whose pages are not all here, and can be read now."""
        found = self.sql("SELECT id FROM folder WHERE cursor != ? ORDER BY id", ONCE_MOVED)
        return [folder for (folder,) in found]

    def reread(self, folder: str) -> None:
        """Read it again from the top. What is here is shown until then, and goes unless a page names it."""
        self.sql("UPDATE message SET stale = 1 WHERE folder = ?", folder)
        self.sql("UPDATE folder SET cursor = ?, state = NULL WHERE id = ?", FROM_THE_TOP, folder)

    # Messages

    def messages(self, folder: str) -> list[Message]:
        found = self.sql("SELECT id, folder, flags, value FROM message WHERE folder = ?", folder)
        return [_message(*row) for row in found]

    def message(self, message: str) -> Message | None:
        found = self.sql("SELECT id, folder, flags, value FROM message WHERE id = ?", message)
        return _message(*found[0]) if found else None

    def put_messages(self, messages: Iterable[Message]) -> None:
        self._db.executemany(
            "INSERT OR REPLACE INTO message (id, folder, flags, value, email) VALUES (?, ?, ?, ?, ?)",
            [
                (each["id"], each["folderId"], json.dumps(each["flags"]), json.dumps(each), each.get("emailId"))
                for each in messages
            ],
        )

    def set_flags(self, message: str, flags: list[str]) -> None:
        self.sql("UPDATE message SET flags = ? WHERE id = ?", json.dumps(flags), message)

    def drop_messages(self, messages: Iterable[str]) -> None:
        self._db.executemany("DELETE FROM message WHERE id = ?", [(each,) for each in messages])

    def drop_stale(self, folder: str) -> None:
        self.sql("DELETE FROM message WHERE folder = ? AND stale = 1", folder)

    def keep_only(self, folder: str, messages: set[str]) -> None:
        here = {found for (found,) in self.sql("SELECT id FROM message WHERE folder = ?", folder)}
        self.drop_messages(here - messages)

    def rename_message(self, old: str, new: str, folder: str) -> None:
        """The same message under another id: what waits in the outbox for it follows, and its body."""
        self.sql("UPDATE OR REPLACE message SET id = ?, folder = ?, stale = 0 WHERE id = ?", new, folder, old)
        self.sql("UPDATE OR REPLACE body SET key = ? WHERE key = ?", new, old)
        self.sql("UPDATE outbox SET message = ? WHERE message = ?", new, old)

    # Bodies, which never change: kept under the server's own id of the content, where it has one

    def body(self, message: str) -> Any:
        found = self.sql(
            "SELECT body.id, body.value FROM message JOIN body ON key IN (email, message.id) WHERE message.id = ?",
            message,
        )
        return json.loads(found[0][1].replace(found[0][0], message)) if found else None

    def put_body(self, message: str, body: Any) -> None:
        self.sql(
            "INSERT OR REPLACE INTO body SELECT coalesce(email, id), id, ? FROM message WHERE id = ?",
            json.dumps(body), message,
        )  # fmt: skip

    def drop_unused_bodies(self) -> None:
        """Not earlier than at rest: a message that moves is gone here before it is there."""
        self.sql("DELETE FROM body WHERE key NOT IN (SELECT coalesce(email, id) FROM message)")


def _message(message: str, folder: str, flags: str, value: str) -> Message:
    found: Message = json.loads(value)
    found["id"], found["folderId"], found["flags"] = message, folder, json.loads(flags)
    return found
