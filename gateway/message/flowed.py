"""``format=flowed`` text to paragraphs (RFC 3676 section 4)."""

from __future__ import annotations

import re
from typing import NamedTuple

from gateway.message.parameter import parameter
from gateway.message.part import PartLike

_QUOTE = re.compile(r">*+")
_SIGNATURE = "-- "


class Flow(NamedTuple):
    """The ``format`` and ``delsp`` parameters of a text/plain part."""

    flowed: bool
    delsp: bool


def flow_of(part: PartLike) -> Flow:
    """Whether the part's lines flow; only text/plain ones do (RFC 3676 section 4)."""
    if (part.type, part.subtype) != ("text", "plain") or not part.params:
        return Flow(False, False)
    flowed = (parameter(part.params, "format") or "").strip().lower() == "flowed"
    delsp = (parameter(part.params, "delsp") or "").strip().lower() == "yes"
    return Flow(flowed, flowed and delsp)


def unflow(text: str, *, delsp: bool = False) -> str:
    """Lines that end in a blank are joined with the next of the same quote depth; stuffing is removed.

    ``delsp``: the blank itself goes, too (RFC 3676 section 4.2). Quoted lines come out as ``> `` each level.
    """
    out: list[str] = []
    pieces: list[str] = []  # of the paragraph that is still open
    depth = 0
    for written in text.replace("\r\n", "\n").split("\n"):
        match = _QUOTE.match(written)
        level = match.end() if match else 0
        line = written[level:]
        line = line.removeprefix(" ")
        if pieces and (level != depth or line == _SIGNATURE):
            out.append(_paragraph(depth, pieces))
            pieces = []
        depth = level
        flows = line.endswith(" ") and line != _SIGNATURE
        pieces.append(line[:-1] if flows and delsp else line)
        if not flows:
            out.append(_paragraph(depth, pieces))
            pieces = []
    if pieces:
        out.append(_paragraph(depth, pieces))
    return "\n".join(out)


def _paragraph(depth: int, pieces: list[str]) -> str:
    text = "".join(pieces)
    return f"{'>' * depth} {text}" if depth else text
