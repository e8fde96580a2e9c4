"""Access rights as letters (RFC 4314 section 2.1), also of servers of before that (RFC 4314 section 2.1.1).

Above this file there are the letters of RFC 4314 only: the virtual ``c`` and ``d`` stay below it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.errors import Unprocessable

STANDARD: Final = "lrswipkxtea"
"""In the order in which the RFC lists them; a server may have more, which only it understands."""

_FOR_FLAGS: Final = {b"\\seen": "s", b"\\deleted": "t"}
_OLD: Final = frozenset("lrswipa")  # what both generations mean the same by


def told(letters: str, *, old: bool) -> str:
    """A server's letters, the standard ones first. ``old``: it has no RIGHTS= capability, so ``c`` and ``d`` are real.

    DELETE takes ``c`` with some of those servers and ``d`` with others: only who has both can be sure of ``x``.
    """
    held = set(letters)
    if old:
        held |= set("k" if "c" in held else "") | set("te" if "d" in held else "")
        held |= set("x" if {"c", "d"} <= held else "")
    return ordered(held - {"c", "d"})


def asked(letters: str, *, old: bool) -> str:
    """Letters to send. Raises Unprocessable where ``old`` servers have no right that means just that.

    RFC 4314 section 2: of rights that are tied together all are granted, or none.
    """
    wanted = set(letters)
    if not old:
        return ordered(wanted)
    sent = wanted & _OLD | {letter for letter in wanted if letter.isdigit()}
    sent |= set("c" if "k" in wanted else "") | set("d" if {"t", "e"} <= wanted else "")
    if set(told("".join(sent), old=True)) != wanted:
        raise Unprocessable("this mail server can't grant these rights without others", field="rights")
    return ordered(sent)


def for_flags(flags: Iterable[bytes] | None) -> str:
    """What changing them takes (RFC 4314 section 4). None: all flags are replaced, so any may be taken off."""
    if flags is None:
        return "swt"
    return ordered({_FOR_FLAGS.get(flag.lower(), "w") for flag in flags})


def ordered(letters: set[str]) -> str:
    """Each letter once: the standard ones in their order, then the others."""
    return "".join([letter for letter in STANDARD if letter in letters] + sorted(letters - set(STANDARD)))
