"""HTML to a flat run of tokens in one linear pass; the ground for the sanitiser and for text extraction.

The tokens follow the HTML standard's tokenizer where it matters for what a browser would see as a tag; where mail is
broken (a comment that never ends, a quote that never closes) what follows is kept instead of swallowed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Literal

# kind, lower-case element name (or ""), and: text as written, attributes as written, or raw content
Token = tuple[Literal["text", "open", "close", "raw"], str, str]

_W = r"[ \t\n\f\r]"
_ATTRIBUTES = (
    rf"(?:[ \t\n\f\r/]++|[^ \t\n\f\r/>=]++"
    rf"(?:{_W}*+={_W}*+(?:\"[^\"]*+\"|'[^']*+'|[^ \t\n\f\r>\"'][^ \t\n\f\r>]*+)?+)?+|=)*+"
)
_TAG = re.compile(rf"<(/?)([A-Za-z][^ \t\n\f\r/>]*+)({_ATTRIBUTES})>")
_ATTRIBUTE = re.compile(
    rf"([^ \t\n\f\r/>=][^ \t\n\f\r/>=]*+)(?:{_W}*+={_W}*+(?:\"([^\"]*+)\"|'([^']*+)'|([^ \t\n\f\r>]++)))?+"
)
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])")
_TAG_BEGUN = re.compile(r"</?[A-Za-z]")
_COMMENT_END = re.compile(r"--!?>")

# Elements whose content is no markup.
RAW = ("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes")
_RAW_END = {name: re.compile(rf"</{name}(?=[ \t\n\f\r/>])", re.IGNORECASE) for name in RAW}

MAX_ATTRIBUTES = 64  # of one tag; the rest is not looked at
_LONG_REFERENCE = re.compile(r"&#(?:0*+[0-9]{8,}+|[xX]0*+[0-9A-Fa-f]{7,}+);?")


def tokens(source: str) -> Iterator[Token]:
    """The tokens of ``source``. Comments, doctypes and processing instructions are left out."""
    position = 0
    unclosed: set[str] = set()  # raw elements (and "!") of which no end tag stands ahead
    while True:
        found = _MARKUP.search(source, position)
        if found is None:
            break
        start = found.start()
        if start > position:
            yield "text", "", source[position:start]
        match = _TAG.match(source, start)
        if match is None:
            position = _past_declaration(source, start, unclosed)
            if position < 0:
                return
            continue
        slash, name, attributes = match.groups()
        name = name.lower()
        position = match.end()
        if slash:
            yield "close", name, ""
            continue
        yield "open", name, attributes
        if name in _RAW_END and name not in unclosed:
            end = _RAW_END[name].search(source, position)
            if end is None:
                unclosed.add(name)
                if name in ("script", "style"):
                    yield "raw", name, source[position:]
                    return
            else:
                yield "raw", name, source[position : end.start()]
                position = end.start()
    if position < len(source):
        yield "text", "", source[position:]


def _past_declaration(source: str, start: int, unclosed: set[str]) -> int:
    """Where a comment, declaration or bogus tag at ``start`` ends; -1 where nothing but an unfinished tag is left."""
    if source.startswith("<!--", start) and "!" not in unclosed:
        if source.startswith((">", "->"), start + 4):
            return source.index(">", start) + 1
        end = _COMMENT_END.search(source, start + 4)
        if end is not None:
            return end.end()
        unclosed.add("!")
    if source[start + 1 : start + 2].isalpha() or (
        source[start + 2 : start + 3].isalpha() and source[start + 1] == "/"
    ):
        return -1
    close = source.find(">", start)
    return close + 1 if close >= 0 else -1


def attributes_of(written: str) -> dict[str, str]:
    """Attributes by lower-case name, character references resolved; the first of a name counts."""
    found: dict[str, str] = {}
    for number, match in enumerate(_ATTRIBUTE.finditer(written)):
        if number >= MAX_ATTRIBUTES:
            break
        name, double, single, bare = match.groups()
        value = double or single or bare or ""
        found.setdefault(name.lower(), unescape(value) if "&" in value else value)
    return found


def unescape(text: str) -> str:
    """Character references resolved; numbers that name no character become U+FFFD. No surrogates come of it."""
    if "&" not in text:
        return text
    if "&#" in text:
        text = _LONG_REFERENCE.sub("\ufffd", text)
    return html.unescape(text)
