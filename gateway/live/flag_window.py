"""Flag changes where the server does not number them: the newest messages' flags, compared with the last look.

A state token can't tell these changes, so seats carry a generation beside their position: each look that finds a
difference begins the next one.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.mail.resource import FlagUpdate


class FlagWindow:
    """The last look and its difference from the one before."""

    def __init__(self) -> None:
        self.generation: int | None = None
        self._flags: dict[str, list[str]] = {}
        self._difference: list[FlagUpdate] = []

    def look(self, now: Sequence[FlagUpdate]) -> None:
        """Take in the flags of the window as they are now."""
        flags = {update.id: update.flags for update in now}
        known = self._flags
        difference = [update for update in now if update.id in known and known[update.id] != update.flags]
        if self.generation is None or difference:
            self.generation = (self.generation or 0) + 1
            self._difference = difference
        self._flags = flags

    def since(self, generation: int | None, window: list[FlagUpdate]) -> list[FlagUpdate]:
        """What to tell a seat of that generation: nothing, the last difference, or (long ago, unknown) the window."""
        if generation is None or self.generation is None or generation < self.generation - 1:
            return window
        return [] if generation == self.generation else self._difference
