"""Another mail program that never rests: it stores, flags and removes messages in an INBOX."""

from __future__ import annotations

import imaplib
import re
import threading
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final

from tests.servers.filling import letter

from .event_stream import Flags

FEWEST, MOST = 30, 90  # messages; fewer than a window of flags holds
_KEYWORDS: Final = {"\\Seen": "$seen", "\\Flagged": "$flagged", "\\Answered": "$answered", "\\Draft": "$draft"}
_LINE: Final = re.compile(rb"^[0-9]+ \(UID ([0-9]+) FLAGS \(([^)]*)\)")


class Mutator(threading.Thread):
    """Works from ``start()`` until ``stop()``; at most ``rounds`` rounds of one change each."""

    def __init__(self, sign_in: Callable[[], imaplib.IMAP4], seed: int, *, rounds: int = 20_000) -> None:
        super().__init__(daemon=True)
        self._sign_in, self._random, self._rounds = sign_in, Random(seed), rounds
        self._enough = threading.Event()
        self._number = 0
        self.did: Counter[str] = Counter()

    def prepare(self, count: int) -> None:
        client = self._sign_in()
        for _ in range(count):
            self._append(client)
        client.logout()

    def run(self) -> None:
        client = self._sign_in()
        for _ in range(self._rounds):
            if self._enough.is_set():
                break
            self._change(client)
        client.logout()

    def stop(self) -> None:
        self._enough.set()
        self.join(20)

    def truth(self) -> dict[int, Flags]:
        """The folder as it is now."""
        client = self._sign_in()
        client.select("INBOX", readonly=True)
        lines = client.uid("FETCH", "1:*", "(FLAGS)")[1]
        client.logout()
        found = (_LINE.match(line) or _LINE.match(_turned(line)) for line in lines if isinstance(line, bytes))
        return {int(match[1]): _flags(match[2].decode()) for match in found if match}

    def _change(self, client: imaplib.IMAP4) -> None:
        exists = int(client.select("INBOX")[1][0] or 0)
        what = "expunge" if exists > MOST else "append" if exists < FEWEST else self._random.choice(_CHOICES)
        self.did[what] += 1
        match what:
            case "append":
                self._append(client)
            case "expunge":
                first = self._random.randrange(1, max(2, exists - 5))
                client.store(f"{first}:{first + self._random.randrange(4)}", "+FLAGS", "(\\Deleted)")
                client.expunge()
            case _:
                verb = self._random.choice(("+FLAGS", "-FLAGS", "FLAGS"))
                flag = self._random.choice(("\\Seen", "\\Flagged", "\\Answered", "Later"))
                client.store(str(self._random.randrange(1, max(2, exists))), verb, f"({flag})")

    def _append(self, client: imaplib.IMAP4) -> None:
        self._number += 1
        client.append("INBOX", "(\\Flagged)" if self._random.random() < 0.3 else "", "", letter(self._number))


_CHOICES: Final = ("append", "append", "expunge", "flag", "flag", "flag")


def _turned(line: bytes) -> bytes:
    """Servers tell FLAGS and UID in either order."""
    return re.sub(rb"\(FLAGS \(([^)]*)\) UID ([0-9]+)", rb"(UID \2 FLAGS (\1)", line)


def _flags(text: str) -> Flags:
    return frozenset(_KEYWORDS.get(flag, flag.lower()) for flag in text.split() if flag != "\\Recent")
