"""HTML to plain text in one linear pass, for previews and for what can't be shown otherwise."""

from __future__ import annotations

import re

from gateway.message.markup import attributes_of, tokens, unescape
from gateway.message.nesting import BLOCK

MAX_HTML = 4_194_304  # characters that are looked at
_MAX_QUOTE = 8  # levels of blockquote that are marked

_BLANKS = re.compile(r"[ \t\n\f\r]+")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufeff]")
_SPARSE = re.compile(r"\n{3,}")
_TRAILING = re.compile(r"(?<! ) +(?=\n)")
_LINES = BLOCK | {"tr", "caption", "body", "form", "fieldset", "option"}
_PARAGRAPHS = frozenset(("p", "blockquote", "table", "ul", "ol", "dl", "pre", "h1", "h2", "h3", "h4", "h5", "h6"))


def html_to_text(source: str, *, cap: int = 1_048_576, alt: bool = True) -> str:
    """The text as lines: blocks on their own, ``- `` for list items, ``> `` for block quotes.

    ``cap``: characters of the result; ``alt``: show the alternative text of images.
    """
    writer = _Writer(cap, alt)
    for kind, name, data in tokens(source[:MAX_HTML].replace("\0", "")):
        if kind == "text":
            writer.text(data)
        elif kind == "open":
            writer.open(name, data)
        elif kind == "close":
            writer.close(name)
        if writer.full:
            break
    return writer.finish()


class _Writer:
    def __init__(self, cap: int, alt: bool) -> None:
        self._cap = cap
        self._alt = alt
        self._out: list[str] = []
        self._size = 0
        self._breaks = 0  # line breaks owed before the next text
        self._space = False  # a blank owed before the next text
        self._begun = False  # the present line has text
        self._quote = 0
        self._pre = 0

    @property
    def full(self) -> bool:
        return self._size >= self._cap

    def text(self, written: str) -> None:
        text = unescape(written)
        if self._pre:
            for number, line in enumerate(text.replace("\r\n", "\n").split("\n")):
                if number:
                    self._break(1, more=True)
                if line:
                    self._write(line)
            return
        words = _BLANKS.sub(" ", text)
        if words == " ":
            self._space = self._space or self._begun
            return
        if words:
            if words[0] == " ":
                self._space = self._space or self._begun
            self._write(words.strip(" "))
            self._space = words[-1] == " "

    def open(self, name: str, written: str) -> None:
        if name == "br":
            self._break(1, more=True)
        elif name in ("td", "th"):
            self._space = self._space or self._begun
        elif name == "hr":
            self._break(1)
            self._write("---")
            self._break(1)
        elif name == "img" and self._alt and written:
            shown = attributes_of(written).get("alt", "").strip()
            if shown:
                self._write(_BLANKS.sub(" ", shown[:300]))
        elif name in _LINES:
            self._break(2 if name in _PARAGRAPHS else 1)
            self._enter(name)

    def _enter(self, name: str) -> None:
        if name == "li":
            self._write("-")
            self._space = True
        elif name == "blockquote":
            self._quote += 1
        elif name == "pre":
            self._pre += 1

    def close(self, name: str) -> None:
        if name not in _LINES:
            return
        if name == "blockquote":
            self._quote = max(0, self._quote - 1)
        elif name == "pre":
            self._pre = max(0, self._pre - 1)
        self._break(2 if name in _PARAGRAPHS else 1)

    def _break(self, lines: int, *, more: bool = False) -> None:
        """Owe ``lines`` line breaks; ``more``: on top of what is owed already (as ``<br><br>`` does), up to two."""
        self._breaks = min(2, self._breaks + lines) if more else max(self._breaks, lines)
        self._begun = False
        self._space = False

    def _write(self, text: str) -> None:
        if self._breaks:
            if self._out:
                self._put("\n" * self._breaks)
            self._breaks = 0
        if not self._begun and self._quote:
            self._put("> " * min(self._quote, _MAX_QUOTE))
        if self._space:
            self._put(" ")
        self._put(text)
        self._begun = True
        self._space = False

    def _put(self, text: str) -> None:
        self._out.append(text)
        self._size += len(text)

    def finish(self) -> str:
        text = _CONTROLS.sub("", "".join(self._out)[: self._cap])
        return _SPARSE.sub("\n\n", _TRAILING.sub("", text)).strip("\n")
