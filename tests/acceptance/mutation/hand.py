"""The second IMAP session: one command at a time, each of which changes something, written into the journal."""

from __future__ import annotations

import imaplib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from tests.servers.filling import letter

from .journal import Journal

RETRIES: Final = 3


class Refused(Exception):
    """The server said NO, which is an answer like any other: servers differ in what they allow."""


class Hand:
    """``did`` counts the changes that were made, by their kind.

    ``repeats``: the server may give a folder the UIDVALIDITY of an earlier one, and no client can tell them apart where
    they have one name. Such a folder is made once more.
    """

    def __init__(self, sign_in: Callable[[], imaplib.IMAP4], journal: Journal, *, repeats: bool = False) -> None:
        self._sign_in, self._journal = sign_in, journal
        self._repeats, self._lives, self._spares = repeats, set[bytes](), 0
        self._client: imaplib.IMAP4 | None = None
        self._open: str | None = None
        self._number = 0
        self.did: Counter[str] = Counter()

    def leave(self) -> None:
        """Sign out: what the server held back for this session is written."""
        if self._client is not None:
            self._client.logout()
        self._client = self._open = None

    def append(self, folder: str, flags: str) -> None:
        self._number += 1
        self._told("append", folder, self._there.append(quoted(folder), f"({flags})", "", letter(self._number)))

    def count(self, folder: str) -> int:
        """Open a folder; how many messages it has."""
        if self._open != folder:
            self._open = None
            answer = self._there.select(quoted(folder))
            self._expect("select", folder, answer)
            self._open = folder
        else:
            self._there.noop()
        found = self._there.search(None, "ALL")[1]
        return len(found[0].split()) if found and found[0] else 0

    def store(self, folder: str, messages: str, how: str, flags: str) -> None:
        self._told("flag", f"{folder} {messages} {how} {flags}", self._there.store(messages, how, f"({flags})"))

    def expunge(self, folder: str, messages: str) -> None:
        self._expect("store", folder, self._there.store(messages, "+FLAGS", "(\\Deleted)"))
        self._told("expunge", f"{folder} {messages}", self._there.expunge())

    def copy(self, folder: str, messages: str, to: str) -> None:
        self._told("copy", f"{folder} {messages} to {to}", self._there.copy(messages, quoted(to)))

    def move(self, folder: str, messages: str, to: str) -> None:
        uids = self._uids(messages)
        self._told("move", f"{folder} {messages} to {to}", self._there.uid("MOVE", uids, quoted(to)))

    def create(self, folder: str) -> None:
        self._told("create", folder, self._there.create(quoted(folder)))
        if self._repeats and self._lived(folder):
            self._make_once_more(folder)

    def _lived(self, folder: str) -> bool:
        """Whether its UIDVALIDITY is that of an earlier one; it is none from now on."""
        answer = self._there.status(quoted(folder), "(UIDVALIDITY)")
        self._expect("status", folder, answer)
        life = bytes(answer[1][0]).rpartition(b"UIDVALIDITY ")[2]
        lived = life in self._lives
        self._lives.add(life)
        return lived

    def _make_once_more(self, folder: str) -> None:
        """Of names that were never there Cyrus counts on; it can't delete one of a name twice in a second."""
        for _ in range(RETRIES):
            try:
                self.delete(folder)
                break
            except Refused:
                time.sleep(1)
        while True:
            self._spares += 1
            spare = f"Spare {self._spares}"
            self._told("create", spare, self._there.create(quoted(spare)))
            if not self._lived(spare):
                break
            self.delete(spare)
        self.rename(spare, folder)

    def rename(self, folder: str, to: str) -> None:
        self.close()
        self._told("rename", f"{folder} to {to}", self._there.rename(quoted(folder), quoted(to)))

    def delete(self, folder: str) -> None:
        self.close()
        self._told("delete", folder, self._there.delete(quoted(folder)))

    def subscribe(self, folder: str, wanted: bool) -> None:
        verb = self._there.subscribe if wanted else self._there.unsubscribe
        self._told("subscribe" if wanted else "unsubscribe", folder, verb(quoted(folder)))

    def close(self) -> None:
        """Leave the open folder, so that no command of ours is in one that goes."""
        if self._open is not None:
            self._there.unselect()
            self._open = None

    def _uids(self, messages: str) -> str:
        _, lines = self._there.fetch(messages, "(UID)")
        found = [line.split(b"UID ")[1].split(b")")[0].decode() for line in lines if isinstance(line, bytes)]
        return ",".join(found) or "1"

    @property
    def _there(self) -> imaplib.IMAP4:
        if self._client is None:
            self._client = self._sign_in()
        self._client.untagged_responses.clear()
        return self._client

    def lost(self) -> None:
        """The server has hung up on us, which says nothing of what it did."""
        if self._client is not None:
            self._client.shutdown()
        self._client = self._open = None

    def _told(self, kind: str, what: str, answer: tuple[str, Sequence[object]]) -> None:
        self._journal.note("fuzzer", f"{kind} {what}: {answer[0]}")
        self._expect(kind, what, answer)
        self.did[kind] += 1

    def _expect(self, kind: str, what: str, answer: tuple[str, Sequence[object]]) -> None:
        if answer[0] != "OK":
            raise Refused(f"{kind} {what}: {answer!r}")


def quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
