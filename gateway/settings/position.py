"""On which line of a TOML file each key stands, so that an error can say so.

``tomllib`` tells values but not places. This walks text that ``tomllib`` has accepted already, so it need not check
anything: it only follows keys, tables and brackets.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*+")
_SPACE = re.compile(r"[ \t]*+")
_BARE = re.compile(r"[A-Za-z0-9_-]++")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_LITERAL = re.compile(r"'[^']*+'")
_SCALAR = re.compile(r"[^,\]}#\n]*+")


def lines_of(text: str) -> Mapping[Path, int]:
    """Lines, counted from 1, by path. A table that is never opened by itself has the line of its first key."""
    walk = _Walk(text)
    walk.document()
    return walk.lines


class _Walk:
    """One pass over the text. ``lines`` grows as it goes."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._arrays: dict[Path, int] = {}  # arrays of tables, and the index of the newest table of each
        self.lines: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Path:
        """``[a.b]`` or ``[[a.b]]``: the path with the index of each array of tables on the way."""
        start, double = self._at, self._text.startswith("[[", self._at)
        self._at += 2 if double else 1
        names = self._dotted()
        self._at += 2 if double else 1
        path: Path = ()
        for name in names[:-1]:
            path = self._newest((*path, name))
        path = (*path, names[-1])
        if double:
            self._arrays[path] = self._arrays.get(path, -1) + 1
            path = self._newest(path)
        else:
            path = self._newest(path)
        self._note(path, start)
        return path

    def _newest(self, path: Path) -> Path:
        return (*path, self._arrays[path]) if path in self._arrays else path

    def _pair(self, table: Path) -> None:
        start = self._at
        path = (*table, *self._dotted())
        self._note(path, start)
        self._at += 1  # the equals sign
        self._value(path)

    def _dotted(self) -> list[str]:
        names = []
        while True:
            self._skip(_SPACE)
            names.append(self._name())
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return names
            self._at += 1

    def _name(self) -> str:
        if self._text.startswith('"', self._at):
            return str(json.loads(self._take(_QUOTED), strict=False))
        if self._text.startswith("'", self._at):
            return self._take(_LITERAL)[1:-1]
        return self._take(_BARE)

    def _value(self, path: Path) -> None:
        self._skip(_SPACE)
        self._note(path, self._at)
        head = self._text[self._at : self._at + 3]
        if head in ('"""', "'''"):
            self._long_string(head)
        elif head[:1] == '"':
            self._take(_QUOTED)
        elif head[:1] == "'":
            self._take(_LITERAL)
        elif head[:1] == "[":
            self._items(path)
        elif head[:1] == "{":
            self._members(path)
        else:
            self._take(_SCALAR)

    def _long_string(self, quotes: str) -> None:
        self._at += 3
        while not self._text.startswith(quotes, self._at):
            self._at += 2 if quotes == '"""' and self._text[self._at] == "\\" else 1
        self._at += 3
        while self._text.startswith(quotes[0], self._at):  # up to two quotes may precede the closing ones
            self._at += 1

    def _items(self, path: Path) -> None:
        self._at += 1
        index = 0
        while self._more("]"):
            self._value((*path, index))
            index += 1

    def _members(self, path: Path) -> None:
        self._at += 1
        while self._more("}"):
            self._pair(path)

    def _more(self, closing: str) -> bool:
        """Past blanks and commas to the next element; past the closing bracket where there is none."""
        self._skip(_BLANK)
        while self._text.startswith(",", self._at):
            self._at += 1
            self._skip(_BLANK)
        if self._text.startswith(closing, self._at):
            self._at += 1
            return False
        return True

    def _note(self, path: Path, at: int) -> None:
        line = bisect_right(self._starts, at)
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return
            self.lines[path[:length]] = line

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        taken = found[0] if found else ""
        self._at += max(len(taken), 1)
        return taken
