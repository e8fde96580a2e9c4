"""The terms of a text condition: words and phrases (RFC 8621 section 4.4.1)."""

from __future__ import annotations

import re
from typing import Final

from gateway.errors import InvalidRequest

LONGEST: Final = 1000
MAX_WORDS: Final = 32
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# A quote opens a phrase only where a word could begin, and closes it only where one could end: don't is one word.
_WORD: Final = re.compile(r"\"((?:[^\"\\]|\\.)++)\"(?=\s|$)|'((?:[^'\\]|\\.)++)'(?=\s|$)|(\S++)", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(['\"\\])")


def checked(text: str, field: str) -> str:
    """Raises InvalidRequest for what can't be searched for."""
    if not text.strip():
        raise InvalidRequest("a search term can't be empty", field=field)
    if len(text) > LONGEST:
        raise InvalidRequest(f"a search term has at most {LONGEST} characters", field=field)
    if _CONTROL.search(text):
        raise InvalidRequest("control characters are not allowed", field=field)
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidRequest("a lone surrogate is no character", field=field)
    return text


def words(text: str, field: str) -> tuple[str, ...]:
    """Words, and phrases without their quotes, all of which must be found. Raises InvalidRequest."""
    found = dict.fromkeys(_meant(match) for match in _WORD.finditer(checked(text, field)))
    if len(found) > MAX_WORDS:
        raise InvalidRequest(f"at most {MAX_WORDS} words; quotes make one term of several", field=field)
    return tuple(found)


def _meant(match: re.Match[str]) -> str:
    phrase = match[1] if match[1] is not None else match[2]
    if phrase is None:
        return match[3]
    meant = _ESCAPED.sub(r"\1", phrase)
    return meant if meant.strip() else match[0]
