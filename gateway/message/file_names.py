"""Names of files that lie side by side: each safe, and no two alike."""

from __future__ import annotations

from gateway.message.disposition import safe_file_name


class FileNames:
    """Gives out names; also where upper and lower case are one, as on many a computer."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def name(self, wanted: str) -> str:
        """``wanted`` made safe, with a number before its extension where another has it already."""
        safe = safe_file_name(wanted)
        stem, dot, extension = safe.rpartition(".")
        if not stem:
            stem, dot, extension = safe, "", ""
        chosen, number = safe, self._next.get(safe.casefold(), 2)
        while chosen.casefold() in self._taken:
            chosen = f"{stem} ({number}){dot}{extension}"
            number += 1
        self._next[safe.casefold()] = number
        self._taken.add(chosen.casefold())
        return chosen
