"""Which command an untagged response answers: decided by what is in it, never by its age alone.

Servers send the data of several pipelined commands before any of their tags (RFC 9051 section 5.5), so each command
has a ``Want`` that knows what it asked for. A response goes to the earliest want that still misses it, else to the
earliest that asked for it at all, else it is news of the mailbox.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Generic, TypeVar, cast

from gateway.imap.response import (
    Capability,
    Code,
    Condition,
    Enabled,
    Namespaces,
    Response,
    ServerId,
)

MAX_CODES = 100_000
"""Codes kept for one command."""


class Claim(IntEnum):
    """How a want stands to a response."""

    NONE = 0
    AGAIN = 1  # asked for, and had already
    MISSED = 2  # asked for, not had yet


class Want:
    """What a command waits for besides its tag; this one: nothing. Wants of one ``lane`` run one at a time."""

    __slots__ = ("tag",)
    lane: str | None = None

    def __init__(self) -> None:
        self.tag = ""

    def claim(self, response: Response) -> Claim:
        return Claim.NONE

    def take(self, response: Response) -> None:
        """Only what was claimed is given."""


def route(wants: Iterable[Want], response: Response) -> Want | None:
    """The want, of those in flight in the order of their commands, that ``response`` belongs to."""
    second: Want | None = None
    for want in wants:
        claim = want.claim(response)
        if claim is Claim.MISSED:
            return want
        if claim is Claim.AGAIN and second is None:
            second = want
    return second


One = TypeVar("One", Capability, Enabled, Namespaces, ServerId)


class Single(Want, Generic[One]):
    """A command with one answer of a kind: CAPABILITY, ENABLE, NAMESPACE, ID. The last one counts."""

    __slots__ = ("_kind", "lane", "value")

    def __init__(self, kind: type[One]) -> None:
        super().__init__()
        self._kind: type[One] = kind
        self.lane = kind.__name__
        self.value: One | None = None

    def claim(self, response: Response) -> Claim:
        return Claim.MISSED if type(response) is self._kind else Claim.NONE

    def take(self, response: Response) -> None:
        self.value = cast("One", response)


class Codes(Want):
    """A command whose code may come in an untagged OK before its tag, such as MOVE's COPYUID (RFC 6851 section 4.3)."""

    __slots__ = ("_name", "codes", "lane")

    def __init__(self, name: str) -> None:
        super().__init__()
        self.lane = self._name = name
        self.codes: list[Code] = []

    def claim(self, response: Response) -> Claim:
        if type(response) is Condition and response.code is not None and response.code.name == self._name:
            return Claim.MISSED
        return Claim.NONE

    def take(self, response: Response) -> None:
        if type(response) is Condition and response.code is not None and len(self.codes) < MAX_CODES:
            self.codes.append(response.code)
