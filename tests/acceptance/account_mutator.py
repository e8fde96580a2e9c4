"""Another mail program that never rests, in a whole account: messages in several folders, and folders themselves."""

from __future__ import annotations

import imaplib
import threading
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final

from tests.servers.filling import letter

FOLDERS: Final = ("Work", "Play", "Attic")
_CHOICES: Final = ("append",) * 6 + ("flag",) * 6 + ("expunge",) * 3 + ("create", "delete", "rename", "subscribe")


class AccountMutator(threading.Thread):
    """Works from ``start()`` until ``stop()``, or for ``rounds`` changes."""

    def __init__(self, sign_in: Callable[[], imaplib.IMAP4], seed: int, *, rounds: int = 20_000) -> None:
        super().__init__(daemon=True)
        self._sign_in, self._random, self._rounds = sign_in, Random(seed), rounds
        self._enough = threading.Event()
        self._number = 0
        self._folders = list(FOLDERS)
        self.did: Counter[str] = Counter()

    def prepare(self, count: int) -> None:
        client = self._sign_in()
        for name in FOLDERS:
            client.create(name)
            for _ in range(count):
                self._append(client, name)
        client.logout()

    def run(self) -> None:
        client = self._sign_in()
        for _ in range(self._rounds):
            if self._enough.is_set():
                break
            self._change(client, self._random.choice(_CHOICES))
        client.logout()

    def stop(self) -> None:
        self._enough.set()
        self.join(20)

    def _change(self, client: imaplib.IMAP4, what: str) -> None:
        self.did[what] += 1
        folder = self._random.choice(["INBOX", *self._folders])
        match what:
            case "append":
                self._append(client, folder)
            case "flag" | "expunge":
                self._touch(client, folder, what)
            case "create":
                self._number += 1
                self._folders.append(f"Made {self._number}")
                client.create(f'"{self._folders[-1]}"')
            case "delete" if len(self._folders) > len(FOLDERS):
                client.delete(f'"{self._folders.pop(self._random.randrange(len(self._folders)))}"')
            case "rename":
                number, self._number = self._random.randrange(len(self._folders)), self._number + 1
                old, self._folders[number] = self._folders[number], f"Named {self._number}"
                client.rename(f'"{old}"', f'"{self._folders[number]}"')
            case "subscribe":
                verb = self._random.choice((client.subscribe, client.unsubscribe))
                verb(f'"{self._random.choice(self._folders)}"')

    def _touch(self, client: imaplib.IMAP4, folder: str, what: str) -> None:
        exists = int(client.select(f'"{folder}"')[1][0] or 0)
        if exists and what == "flag":
            verb = self._random.choice(("+FLAGS", "-FLAGS", "FLAGS"))
            flag = self._random.choice(("\\Seen", "\\Flagged", "\\Answered", "Later"))
            client.store(str(self._random.randrange(1, exists + 1)), verb, f"({flag})")
        elif exists > 3:
            client.store(str(self._random.randrange(1, exists + 1)), "+FLAGS", "(\\Deleted)")
            client.expunge()
        client.close()

    def _append(self, client: imaplib.IMAP4, folder: str) -> None:
        self._number += 1
        client.append(f'"{folder}"', "(\\Flagged)" if self._random.random() < 0.3 else "", "", letter(self._number))
