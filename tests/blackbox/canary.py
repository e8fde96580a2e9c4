"""Strings that stand nowhere else, planted in all that is personal or secret; and the search for them."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode

LENGTH = 12
"""Hexadecimal digits: none of them comes up by chance."""


class Canaries:
    """``c["subject"]`` is the one planted in subjects: made when first asked for, an atom in any grammar."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}

    def __getitem__(self, what: str) -> str:
        return self._words.setdefault(what, f"{what}{secrets.token_hex(LENGTH // 2)}")

    def know(self, what: str, word: str) -> str:
        """Look for this word too, which is not made here: an address, a token."""
        self._words[what] = word
        return word

    def found_in(self, text: str) -> list[str]:
        """The names of those that ``text`` holds, as they are or inside something in base64 (as ids are)."""
        lowered = text.lower()
        return sorted(
            what
            for what, word in self._words.items()
            if word.lower() in lowered or any(form in text for form in in_base64(word))
        )


def in_base64(word: str) -> set[str]:
    """What of the word is seen in base64 of a longer text, at each of the three places it may begin."""
    found = set()
    for shift in range(3):
        encoded = urlsafe_b64encode(b"\0" * shift + word.encode()).decode()
        found.add(encoded[-(-shift * 8 // 6) : (shift + len(word)) * 8 // 6])
    return found
