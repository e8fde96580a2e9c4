"""The folders that the fuzzer believes are there, and how it names new ones: few names, so that they come again."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Final

from gateway.imap.name import encode_utf7

INBOX: Final = "INBOX"
DELIMITER: Final = "/"
MOST: Final = 14
DEEPEST: Final = 3
_LEAVES: Final = ("Work", "Übersicht", "日本語", "Déjà vu", "Old", "with space", "𝄞 Noten", "x")


def wire(text: str) -> str:
    """A name as IMAP has it (RFC 9051 section 5.1: modified UTF-7 without UTF8=ACCEPT)."""
    return encode_utf7(text).decode("ascii")


@dataclass
class Tree:
    """Names on the wire. ``kept``: never renamed nor deleted, such as INBOX and what the server makes by itself."""

    kept: tuple[str, ...]
    made: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[str]:
        return [*self.kept, *self.made]

    def fresh(self, random: Random) -> str | None:
        """A name that is not there, at the top or below another one; None where luck has none."""
        parents = ["", *(name for name in self.made if name.count(DELIMITER) < DEEPEST - 1)]
        parent = random.choice(parents)
        name = wire(random.choice(_LEAVES))
        path = f"{parent}{DELIMITER}{name}" if parent else name
        return None if path in self.made else path

    def below(self, name: str) -> list[str]:
        return [other for other in self.made if other.startswith(name + DELIMITER)]

    def rename(self, old: str, new: str) -> None:
        """A folder takes those below it along (RFC 9051 section 6.3.6)."""
        moved = {old, *self.below(old)}
        self.made = [new + name[len(old) :] if name in moved else name for name in self.made]

    def remove(self, name: str) -> None:
        self.made.remove(name)
