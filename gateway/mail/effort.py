"""What searching by a key costs the server, and so how many messages are looked at in one request."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from gateway.imap.encode.search_key import And, Fuzzy, Header, Match, Not, Or, SearchKey


class Effort(Struct, frozen=True):
    """How many messages the first window looks at, and after how many the search pauses."""

    step: int
    most: int

    def shared(self, folders: int) -> Effort:
        """For each of so many folders: one window at least, so that every search gets on."""
        return Effort(self.step, max(self.step, self.most // max(1, folders)))


# What servers answer from an index, from cached headers and from whole messages differ by orders of magnitude.
INDEXED: Final = Effort(20_000, 2_000_000)
HEADERS: Final = Effort(5_000, 200_000)
BODIES: Final = Effort(500, 20_000)
EXAMINED: Final = 2_000
"""Messages that the gateway itself looks at, where the server can't decide."""


def effort_of(key: SearchKey) -> Effort:
    waiting: list[SearchKey] = [key]
    effort = INDEXED
    while waiting:
        match waiting.pop():
            case And(keys) | Or(keys):
                waiting += keys
            case Not(inner) | Fuzzy(inner):
                waiting.append(inner)
            case Match("TEXT" | "BODY"):
                return BODIES
            case Match() | Header():
                effort = HEADERS
            case _:
                pass
    return effort
