"""Which messages belong together: those that share a message id, directly or by way of others (RFC 8621 section 3).

Pure: keys and ids in, a set of keys out; in time that is all but linear, whatever the ids are.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


class Unions:
    """Disjoint sets of names that only ever grow together."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}
        self._sizes: dict[str, int] = {}

    def root(self, name: str) -> str:
        """What stands for the set that ``name`` is in."""
        parents = self._parents
        while (parent := parents.setdefault(name, name)) != name:
            parents[name] = parents[parent]  # halves the way for who comes next
            name = parent
        return name

    def join(self, names: Iterable[str]) -> None:
        """All of ``names`` are in one set from now on."""
        first: str | None = None
        for name in names:
            first = self.root(name) if first is None else self._joined(first, self.root(name))

    def _joined(self, one: str, other: str) -> str:
        if one == other:
            return one
        sizes = self._sizes
        if sizes.get(one, 1) < sizes.get(other, 1):
            one, other = other, one
        self._parents[other] = one
        sizes[one] = sizes.get(one, 1) + sizes.pop(other, 1)
        return one


def conversation(start: K, letters: Mapping[K, Iterable[str]]) -> set[K]:
    """The keys of ``letters`` that belong together with ``start``, which is one of them.

    The values are the ids that a message has in Message-ID, In-Reply-To and References; one without any is alone.
    """
    named = {key: tuple(ids) for key, ids in letters.items()}
    unions = Unions()
    for ids in named.values():
        unions.join(ids)
    if not named[start]:
        return {start}
    root = unions.root(named[start][0])
    return {key for key, ids in named.items() if ids and unions.root(ids[0]) == root}
