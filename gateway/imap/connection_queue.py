"""The order of commands: first come, first sent, as long as answers can be told apart (RFC 9051 section 5.5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

from gateway.imap.routing import Want


class Queued(Protocol):
    """``alone``: nothing else may be in flight with it."""

    tag: str
    alone: bool
    want: Want


Q = TypeVar("Q", bound=Queued)


class Queue(Generic[Q]):
    """``waiting`` in order, and ``active`` by tag in the order in which they were sent."""

    __slots__ = ("active", "alone", "waiting")

    def __init__(self) -> None:
        self.waiting: list[Q] = []  # mostly empty, and a deque takes 600 octets for that
        self.active: dict[str, Q] = {}
        self.alone: Q | None = None

    def next(self) -> Q | None:
        """The command to send now, made active; None where there is none or something stands in its way."""
        if not self.waiting or self.alone is not None:
            return None
        command = self.waiting[0]
        lane = command.want.lane
        if command.alone and self.active:
            return None
        if lane is not None and any(active.want.lane == lane for active in self.active.values()):
            return None
        del self.waiting[0]
        self.active[command.tag] = command
        if command.alone:
            self.alone = command
        return command

    def done(self, tag: str) -> Q | None:
        """The command of this tag, no longer active; None where none has it."""
        command = self.active.pop(tag, None)
        if command is not None and self.alone is command:
            self.alone = None
        return command

    def wants(self) -> Iterable[Want]:
        return (command.want for command in self.active.values())

    def clear(self) -> list[Q]:
        """All that were in it, those sent first."""
        every = [*self.active.values(), *self.waiting]
        self.active.clear()
        self.waiting.clear()
        self.alone = None
        return every

    def __bool__(self) -> bool:
        return bool(self.active or self.waiting)
