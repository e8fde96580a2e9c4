"""Text as HTML in which what was searched for is marked (RFC 8621 section 5): ``<mark>`` is the only element."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from gateway.message.words import nfc

MAX_PREVIEW: Final = 255  # octets (RFC 8621 section 5)
MAX_SUBJECT: Final = 1000  # characters of a subject that are shown
MAX_TERMS: Final = 20
_BEFORE: Final = 60  # characters shown before the match
_OPEN: Final = "<mark>"
_CLOSE: Final = "</mark>"
_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
_BLANKS: Final = re.compile(r"\s+")
_UNSEEN: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


class Marker:
    """Marks the terms, in any case."""

    def __init__(self, terms: Iterable[str]) -> None:
        kept = sorted({nfc(term) for term in terms if term.strip()}, key=lambda term: (-len(term), term))[:MAX_TERMS]
        either = "|".join(r"\s+".join(map(re.escape, term.split())) for term in kept)
        self._terms = re.compile(either, re.IGNORECASE) if kept else None

    def subject(self, text: str | None) -> str | None:
        """The whole subject with every match marked; None where there is none."""
        spans = self._spans(text or "")
        return "".join(_pieces(text or "", spans, 0)) if spans else None

    def preview(self, text: str) -> str | None:
        """At most 255 octets around the first match, on one line; None where there is none."""
        shown = nfc(_BLANKS.sub(" ", _UNSEEN.sub("", text)).strip())
        spans = self._spans(shown)
        if not spans:
            return None
        start = _word_before(shown, spans[0][0])
        lead = "…" if start else ""
        return lead + _fitting(_pieces(shown, spans, start), MAX_PREVIEW - 2 * len("…".encode()))

    def _spans(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in self._terms.finditer(text)] if self._terms is not None else []


def _pieces(text: str, spans: Sequence[tuple[int, int]], at: int) -> Iterable[str]:
    """Escaped characters one by one, and the marks."""
    for start, end in spans:
        yield from map(_escaped, text[at:start])
        yield _OPEN
        yield from map(_escaped, text[start:end])
        yield _CLOSE
        at = end
    yield from map(_escaped, text[at:])


def _fitting(pieces: Iterable[str], most: int) -> str:
    """As many as fit into ``most`` octets, every mark closed, and a sign where there are more."""
    out: list[str] = []
    size, marked = 0, False
    for piece in pieces:
        needed = len(_CLOSE) if (marked or piece == _OPEN) and piece != _CLOSE else 0
        octets = 0 if piece == _CLOSE else len(piece.encode())
        if size + octets + needed > most:
            return "".join(out) + (_CLOSE if marked else "") + "…"
        out.append(piece)
        size += len(piece.encode())
        marked = piece == _OPEN or (marked and piece != _CLOSE)
    return "".join(out)


def _word_before(text: str, at: int) -> int:
    """Where the words shown before a match begin."""
    if at <= _BEFORE:
        return 0
    blank = text.find(" ", at - _BEFORE, at)
    return blank + 1 if blank >= 0 else at - _BEFORE


def _escaped(character: str) -> str:
    return _ESCAPES.get(character, character)
