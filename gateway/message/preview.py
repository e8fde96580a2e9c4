"""The first words of a message for a list: RFC 8621 section 4.1.4 ``preview``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.message.text import html_to_text
from gateway.message.words import nfc

MAX_PREVIEW = 255  # characters
_LOOK = 16_384  # characters of plain text that are looked at
_LOOK_HTML = 262_144  # of HTML, which begins with style sheets

_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffc]"
)
_RULE = re.compile(r"[-_=*~#+.\s]{3,}")
_ORIGINAL = re.compile(r"[-_]{2,} ?[^-_\n]{3,60} ?[-_]{2,}")
_ATTRIBUTION = re.compile(r"(?:on|am|le|el|il|em|op|den|dne|dnia|\d)\b[^\n]{5,240}[:：]", re.IGNORECASE)


def preview(text: str, *, html: bool = False) -> str:
    """At most 255 characters on one line, without quotes, signature and rules; the quote where there is no more."""
    if html:
        text = html_to_text(text[:_LOOK_HTML], cap=_LOOK, alt=False)
    lines = [line.strip() for line in text[:_LOOK].replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return _short(_own_words(lines)) or _short(line.lstrip("> ") for line in lines)


def _own_words(lines: list[str]) -> list[str]:
    kept: list[str] = []
    for number, line in enumerate(lines):
        if line == "--" and kept:
            break
        if not line or line.startswith(">") or _RULE.fullmatch(line):
            continue
        if _ORIGINAL.fullmatch(line) and kept:
            break
        if line.endswith((":", "：")) and _ATTRIBUTION.fullmatch(line) and _quote_follows(lines, number):
            continue
        kept.append(line)
    return kept


def _quote_follows(lines: list[str], number: int) -> bool:
    following = next((line for line in lines[number + 1 : number + 4] if line), "")
    return following.startswith(">")


def _short(lines: Iterable[str]) -> str:
    words: list[str] = []
    size = -1
    for line in lines:
        for word in _UNSEEN.sub("", line).split():
            words.append(word)
            size += len(word) + 1
        if size > MAX_PREVIEW:
            break
    text = nfc(" ".join(words)[: MAX_PREVIEW * 2])
    if len(text) <= MAX_PREVIEW:
        return text
    cut = text[: MAX_PREVIEW - 1]
    head, blank, _ = cut.rpartition(" ")
    return (head if blank and len(head) > MAX_PREVIEW // 2 else cut).rstrip() + "…"
