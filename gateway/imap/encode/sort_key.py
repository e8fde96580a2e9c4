"""What SORT can be asked for (RFC 5256), and the part of a result that is wanted (RFC 9394, RFC 5267)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from gateway.errors import LocalError
from gateway.imap import limits
from gateway.imap.encode.arg import Arg, word
from gateway.imap.encode.search_key import SearchKey, is_ascii, search_key

SortBy = Literal["ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO", "DISPLAYFROM", "DISPLAYTO"]
_WORDS: Final = frozenset({"ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO", "DISPLAYFROM", "DISPLAYTO"})


class SortKey(Struct, frozen=True):
    """One criterion. DISPLAYFROM and DISPLAYTO (RFC 5957) need SORT=DISPLAY."""

    by: SortBy
    descending: bool = False


class Part(Struct, frozen=True):
    """Results ``first`` to ``last``, from 1; below 0 both count from the end (RFC 9394 section 3.1)."""

    first: int
    last: int

    def __post_init__(self) -> None:
        same_side = (self.first > 0) == (self.last > 0)
        if not self.first or not self.last or not same_side or max(abs(self.first), abs(self.last)) > limits.MAX_NUMBER:
            raise LocalError("not a part of a result")

    def wire(self) -> bytes:
        return b"%d:%d" % (self.first, self.last)


def partial(part: Part) -> Arg:
    """``RETURN (PARTIAL ...)``; without ALL, which RFC 9394 section 3.1 forbids beside it."""
    return word(b"RETURN (PARTIAL " + part.wire() + b")")


def sort_program(keys: Sequence[SortKey]) -> Arg:
    """``sort-criteria = "(" sort-criterion *(SP sort-criterion) ")"`` (RFC 5256 section 5)."""
    if not keys or not all(key.by in _WORDS for key in keys):
        raise LocalError("not a sort")
    written = [b"REVERSE " * key.descending + key.by.encode("ascii") for key in keys]
    return word(b"(" + b" ".join(written) + b")")


def sort_arguments(keys: Sequence[SortKey], key: SearchKey, *, part: Part | None = None) -> list[Arg]:
    """The part that is wanted, the criteria, the charset, which SORT demands, and the search key."""
    charset = word(b"US-ASCII" if is_ascii(key) else b"UTF-8")
    wanted = [partial(part)] if part is not None else []
    return [*wanted, sort_program(keys), charset, search_key(key)]
