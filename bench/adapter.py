"""What has to be known of an HTTP service to measure it, and the client that does the works with that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import Any, Protocol

from bench.work import Work, WrongAnswer

LARGE = 256_000  # octets of a part that is worth measuring

Page = Sequence[Mapping[str, Any]]
"""Rows of messages, each with its ``id`` and ``size`` at least."""


class Adapter(Protocol):
    """One account of a service. Methods raise WrongAnswer where the service refuses."""

    def page(self) -> Page:
        """The newest messages of the inbox."""
        ...

    @property
    def first(self) -> Callable[[], Page] | None:
        """The same of messages that are not remembered; None where that can't be had."""
        ...

    @property
    def unchanged(self) -> Callable[[], bool] | None:
        """Whether the service says that the page is the same still; None where it never does."""
        ...

    def message(self, message: str) -> bool:
        """Whether it came."""
        ...

    def body(self, message: str) -> bool:
        """Whether a text of it came."""
        ...

    def parts(self, message: str) -> Mapping[str, int]:
        """Its parts that can be downloaded, and about how many octets each has."""
        ...

    def part(self, message: str, part: str) -> int:
        """How many octets came."""
        ...

    def flag(self, message: str, flagged: bool) -> bool:
        """Whether it has the flag, or lacks it, as was asked for."""
        ...

    def close(self) -> None: ...


class ApiClient:
    """Finds out by itself what there is in the mailbox to be measured with; ``can`` tells."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter, self._first, self._unchanged = adapter, adapter.first, adapter.unchanged
        self._flagged = False
        try:
            self._look_round()
        except WrongAnswer:
            adapter.close()
            raise

    def _look_round(self) -> None:
        rows = self._adapter.page()
        self._shown = len(rows)
        large = max(rows, key=lambda row: int(row["size"]), default=None)
        self._letters = [str(row["id"]) for row in rows if row is not large] or [str(row["id"]) for row in rows]
        self._next = cycle(self._letters)
        self._large = str(large["id"]) if large else ""
        self._part, self._octets = self._largest_part()

    @property
    def can(self) -> frozenset[Work]:
        lacking = {
            Work.FIRST: self._first is None,
            Work.SAME: self._unchanged is None,
            Work.PART: not self._part,
            **dict.fromkeys((Work.MESSAGE, Work.BODY, Work.FLAG), not self._letters),
        }
        return frozenset(work for work in Work if not lacking.get(work))

    def do(self, work: Work) -> None:
        if not self._held(work):
            raise WrongAnswer(f"{work.value}: the answer lacks what was asked for")

    def close(self) -> None:
        self._adapter.close()

    def _held(self, work: Work) -> bool:
        match work:
            case Work.FIRST:
                return self._first is not None and len(self._first()) == self._shown
            case Work.PAGE:
                return len(self._adapter.page()) == self._shown
            case Work.SAME:
                return self._unchanged is not None and self._unchanged()
            case Work.MESSAGE:
                return self._adapter.message(next(self._next))
            case Work.BODY:
                return self._adapter.body(next(self._next))
            case Work.PART:
                return self._adapter.part(self._large, self._part) == self._octets
            case Work.FLAG:
                self._flagged = not self._flagged
                return self._adapter.flag(self._letters[-1], self._flagged)

    def _largest_part(self) -> tuple[str, int]:
        parts = self._adapter.parts(self._large) if self._large else {}
        best = max(parts, key=lambda part: parts[part], default="")
        if not best or parts[best] < LARGE:
            return "", 0
        return best, self._adapter.part(self._large, best)
