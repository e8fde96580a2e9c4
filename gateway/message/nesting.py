"""Well-nested markup from tags in any order, of bounded depth: what keeps the sanitiser's parser linear.

HTML parsers build what broken nesting implies; some inputs make that quadratic and worse (nested blocks, formatting
elements that never close). This closes elements the way the HTML standard's tree construction does in the cases that
mail has, so that the parser after it has nothing left to imply.
"""

from __future__ import annotations

MAX_DEPTH = 200  # open elements; deeper tags are dropped and their content kept
_REOPEN = 8  # formatting elements that are opened again after a block closed over them

VOID = frozenset(("br", "hr", "img", "col", "wbr"))
INLINE = frozenset(
    (
        "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font", "i", "ins",
        "kbd", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var",
    )
)  # fmt: skip
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
BLOCK = HEADINGS | frozenset(
    (
        "address", "article", "aside", "blockquote", "center", "dd", "details", "div", "dl", "dt", "figcaption",
        "figure", "footer", "header", "li", "main", "nav", "ol", "p", "pre", "section", "summary", "table", "ul",
    )
)  # fmt: skip
_SECTIONS = ("tbody", "thead", "tfoot")
TABLE_PARTS = frozenset(("caption", "colgroup", "col", "tr", "td", "th", *_SECTIONS))
_FENCES = frozenset(("table", "td", "th", "caption"))  # closing tags don't reach out of these
_ITEM_LISTS = {"li": (("li", "li"), ("ul", "ol")), "dd": (("dd", "dt"), ("dl",)), "dt": (("dd", "dt"), ("dl",))}


class Nesting:
    """Collects tags and text; ``finish`` gives the markup. ``budget``: characters that reopening may add."""

    def __init__(self, budget: int) -> None:
        self.too_deep = False
        self._budget = budget
        self._out: list[str] = []
        self._stack: list[tuple[str, str]] = []  # name, start tag as emitted
        self._where: dict[str, list[int]] = {}
        self._fences: list[int] = []
        self._dropped: dict[str, int] = {}

    def text(self, escaped: str) -> None:
        self._out.append(escaped)

    def open(self, name: str, tag: str) -> None:
        """``tag`` is the whole start tag, safe to emit."""
        if name in TABLE_PARTS:
            if not self._table_place(name):
                return
        elif name in BLOCK or name == "hr":
            self._block_place(name)
        elif name == "a" and self._last("a") > self._fence():
            self._close_inline(self._last("a"))
        if name in VOID:
            self._out.append(tag)
        elif len(self._stack) >= MAX_DEPTH:
            self.too_deep = True
            self._dropped[name] = self._dropped.get(name, 0) + 1
        else:
            self._push(name, tag)

    def close(self, name: str) -> None:
        if self._dropped.get(name):
            self._dropped[name] -= 1
            return
        at = self._last(name)
        if at < 0:
            if name == "br":
                self._out.append("<br>")
        elif name in TABLE_PARTS or name == "table":
            if at >= self._last("table"):
                self._pop_to(at)
        elif at > self._fence():
            if name in INLINE:
                self._close_inline(at)
            else:
                self._pop_to(at, reopen=True)

    def finish(self) -> str:
        self._pop_to(0)
        return "".join(self._out)

    def _last(self, name: str) -> int:
        places = self._where.get(name)
        return places[-1] if places else -1

    def _fence(self) -> int:
        return self._fences[-1] if self._fences else -1

    def _block_place(self, name: str) -> None:
        if not self._stack:
            return
        if name in _ITEM_LISTS:
            (one, other), lists = _ITEM_LISTS[name]
            item = max(self._last(one), self._last(other))
            if item > self._fence() and item > max(map(self._last, lists)):
                self._pop_to(item, reopen=True)
        paragraph = self._last("p")
        if paragraph > self._fence():
            self._pop_to(paragraph, reopen=True)
        if name in HEADINGS and self._stack and self._stack[-1][0] in HEADINGS:
            self._pop_to(len(self._stack) - 1)

    def _table_place(self, name: str) -> bool:
        """Close what a row, cell or section implies closed; False where there is no table to put it in."""
        table = self._last("table")
        if table < 0:
            return False
        keep = table
        if name in ("tr", "td", "th"):
            keep = max(keep, *(self._last(section) for section in _SECTIONS))
        if name in ("td", "th"):
            keep = max(keep, self._last("tr"))
        if name == "col":
            keep = max(keep, self._last("colgroup"))
        self._pop_to(keep + 1)
        return True

    def _close_inline(self, at: int) -> None:
        """Close one element and open again what stood inside it, blocks too: ``<b><i></b></i>``, ``<b><p></b></p>``."""
        inside = self._stack[at + 1 :]
        if len(inside) > _REOPEN:
            if all(name in INLINE for name, _ in inside):
                self._pop_to(at, reopen=True)
            return
        cost = sum(len(tag) for _, tag in inside)
        if cost > self._budget:
            return
        self._budget -= cost
        self._pop_to(at)
        for name, tag in inside:
            self._push(name, tag)

    def _push(self, name: str, tag: str) -> None:
        at = len(self._stack)
        self._stack.append((name, tag))
        self._where.setdefault(name, []).append(at)
        if name in _FENCES:
            self._fences.append(at)
        self._out.append(tag)

    def _pop_to(self, size: int, *, reopen: bool = False) -> None:
        """Close elements until ``size`` are open; with ``reopen`` open the innermost formatting of them again."""
        again: list[tuple[str, str]] = []
        while len(self._stack) > size:
            name, tag = self._stack.pop()
            self._where[name].pop()
            if name in _FENCES:
                self._fences.pop()
            self._out.append(f"</{name}>")
            if reopen and name in INLINE and len(again) < _REOPEN:
                again.append((name, tag))
        for name, tag in reversed(again):
            self._budget -= len(tag)
            if self._budget > 0:
                self._push(name, tag)
