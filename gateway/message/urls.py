"""URLs of header fields (RFC 2369 section 2; RFC 8621 section 4.1.2.7).

::

    list-header = name ":" "<" URL ">" *("," "<" URL ">")        comments may stand anywhere outside of the brackets

Read leniently: brackets and commas may lack, blanks may stand in the URL, the whole may be an encoded word.
"""

from __future__ import annotations

import re

from gateway.message.words import decode_words

MAX_OCTETS = 65_536  # of one header value
MAX_URLS = 100  # of one header value
_LONGEST = 8192  # characters of one URL

_TOKEN = re.compile(r"<([^<>]*+)>?|\\.|[()]|[^<()\\]++|.", re.DOTALL)
_BARE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}+:[^\s<>,;]++")
_BLANK = re.compile(r"[\x00-\x20\x7f-\x9f]++")


def header_urls(raw: bytes | None) -> list[str]:
    """The URLs without their brackets, in order; empty where there is none. Never raises."""
    text = decode_words(raw, MAX_OCTETS)
    found, outside = _bracketed(text)
    if not found and text.count("(") > text.count(")"):
        found, outside = _bracketed(text.replace("(", " "))  # a comment that never ends is none
    if not found:
        found = [match[0] for match in _BARE.finditer(outside)]
    urls = [_BLANK.sub("", url) for url in found]
    return [url for url in urls if url and len(url) <= _LONGEST][:MAX_URLS]


def _bracketed(text: str) -> tuple[list[str], str]:
    """What stands in brackets outside of comments, and what stands outside of both."""
    found: list[str] = []
    outside: list[str] = []
    depth = 0
    for match in _TOKEN.finditer(text):
        piece = match[0]
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth = max(0, depth - 1)
        elif depth == 0:
            if match[1] is not None:
                found.append(match[1])
            elif len(piece) > 1:
                outside.append(piece)
    return found, " ".join(outside)
