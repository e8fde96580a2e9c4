"""Plain text as an HTML fragment: its lines kept, quotes as block quotes, web addresses as links."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from itertools import groupby
from typing import Final

from gateway.message.reference import is_link

MAX_DEPTH: Final = 8
"""Levels of quoting that are shown; what is deeper stands on the last one."""
MAX_RUNS: Final = 5_000
"""Changes of the level; after so many the rest is shown as it is written."""

_MARKS: Final = re.compile(r"(?:>[ \t]?+)++")
# Characters of RFC 3986 section 2 only: what may look like something else is no part of a link.
_URL: Final = re.compile(r"\bhttps?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{1,2000}+(?!\w)", re.IGNORECASE)
_TRIMMED: Final = 8  # no sentence ends with more
_CLOSERS: Final = {")": "(", "]": "["}


def text_to_html(text: str) -> str:
    """Safe by construction: of the text nothing but characters comes out, escaped, and links to http and https."""
    out: list[str] = []
    depth = 0
    lines = text.split("\n")
    done = 0
    for number, (level, group) in enumerate(groupby(lines, key=_level)):
        if number >= MAX_RUNS:
            break
        run = list(group)
        done += len(run)
        out.append("</blockquote>" * (depth - level) + "<blockquote>" * (level - depth))
        out.append(_shown(_MARKS.sub("", line, count=1) if level else line for line in run))
        depth = level
    out.append("</blockquote>" * depth)
    if done < len(lines):
        out.append(_shown(lines[done:]))
    return "".join(out)


def _level(line: str) -> int:
    if not line.startswith(">"):
        return 0
    marks = _MARKS.match(line)
    return min(MAX_DEPTH, marks[0].count(">")) if marks else 0


def _shown(lines: Iterable[str]) -> str:
    return '<div style="white-space:pre-wrap">' + _linked("\n".join(lines)) + "</div>"


def _linked(text: str) -> str:
    out: list[str] = []
    at = 0
    for found in _URL.finditer(text):
        url = _trimmed(found[0])
        if not is_link(url):
            continue
        shown = escape(url)
        out.append(escape(text[at : found.start()], quote=False))
        out.append(f'<a href="{shown}" target="_blank" rel="noopener noreferrer nofollow">{shown}</a>')
        at = found.start() + len(url)
    out.append(escape(text[at:], quote=False))
    return "".join(out)


def _trimmed(url: str) -> str:
    """Without the punctuation of the sentence that it stands in."""
    for _ in range(_TRIMMED):
        last = url[-1]
        if last not in ".,;:!?'*" and (last not in _CLOSERS or url.count(_CLOSERS[last]) >= url.count(last)):
            break
        url = url[:-1]
    return url
