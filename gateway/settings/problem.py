"""What is wrong with a configuration that can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from gateway.settings.position import Path


class Problem(Struct, frozen=True):
    path: Path
    message: str


def repeated(values: Sequence[str], path: Callable[[int], Path]) -> Iterator[Problem]:
    """A problem for each value that was there before; ``path`` gives the place of the n-th."""
    for index, value in enumerate(values):
        if value in values[:index]:
            yield Problem(path(index), f'"{value}" is given twice')
