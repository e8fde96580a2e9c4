"""The base subject, by which replies are known although they name no message (RFC 5256 section 2.1).

::

    subj-blob    = "[" *BLOBCHAR "]" *WSP
    subj-refwd   = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"
    subj-leader  = (*subj-blob subj-refwd) / WSP
    subj-trailer = "(fwd)" / WSP
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

LONGEST: Final = 1000
"""Characters that are looked at: peeling a prefix may look at all that is left, so more would cost square time."""

_BLOB: Final = r"\[[^\[\]]*+\]\s*+"
_REFWD: Final = re.compile(rf"(?:{_BLOB})*+(?:re|fwd?)\s*+(?:{_BLOB})?+:\s*+", re.IGNORECASE)
_ONE_BLOB: Final = re.compile(_BLOB)
_FWD_HEADER: Final = "[fwd:"


class BaseSubject(Struct, frozen=True):
    """``text`` without its marks; ``replied``: it had marks of a reply or of a forwarded message."""

    text: str
    replied: bool


def base_subject(subject: str) -> BaseSubject:
    """Of a decoded subject. The text is as written; compare it without regard to case."""
    text, replied = " ".join(subject[:LONGEST].split()), False
    while True:
        text, forwarded = _without_trailers(text)
        text, answered = _without_leaders(text)
        replied = replied or forwarded or answered
        if not (text[: len(_FWD_HEADER)].lower() == _FWD_HEADER and text.endswith("]")):
            return BaseSubject(text, replied)
        text, replied = text[len(_FWD_HEADER) : -1].strip(), True


def _without_trailers(text: str) -> tuple[str, bool]:
    end, forwarded = len(text), False
    while text[:end].rstrip().lower().endswith("(fwd)"):
        end, forwarded = len(text[:end].rstrip()) - 5, True
    return text[:end].rstrip(), forwarded


def _without_leaders(text: str) -> tuple[str, bool]:
    at, answered = 0, False
    while True:
        mark = _REFWD.match(text, at)
        if mark is not None:
            at, answered = mark.end(), True
            continue
        blob = _ONE_BLOB.match(text, at)
        if blob is None or blob.end() == len(text):
            return text[at:], answered
        at = blob.end()
