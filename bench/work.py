"""What is measured, and who may do it."""

from __future__ import annotations

from enum import Enum
from typing import Protocol


class Work(Enum):
    """One request of each kind; the value is its title in the table.

    ``FIRST``: of messages that are not remembered from before. Only the gateway knows the difference. ``SAME``: the
    caller has the page, and is told that it is the same still.
    """

    FIRST = "page of 50, first time"
    PAGE = "page of 50, again"
    SAME = "page of 50, unchanged"
    MESSAGE = "one message"
    BODY = "its readable body"
    PART = "1 MB attachment"
    FLAG = "flag change"


class WrongAnswer(Exception):
    """An answer that does not hold what was asked for: figures of it would mean nothing."""


class Client(Protocol):
    """One caller with a connection of its own; used by one thread at a time."""

    @property
    def can(self) -> frozenset[Work]:
        """What it can be asked to do."""
        ...

    def do(self, work: Work) -> None:
        """Ask, read the whole answer and look at it. Raises WrongAnswer."""
        ...

    def close(self) -> None: ...


class Subject(Protocol):
    """A way of doing the work."""

    @property
    def name(self) -> str: ...

    def client(self, number: int) -> Client:
        """The client of account ``number``, from 0 up."""
        ...
