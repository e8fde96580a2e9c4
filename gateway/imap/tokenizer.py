r"""One whole response to nested lists, with one possessive regex and an explicit stack.

RFC 9051 section 9: ``quoted``, ``nil``, ``atom``, ``section``; a literal is a piece of the frame already.
Linear: every alternative takes what it has looked at, so nothing is looked at twice.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from gateway.errors import ProtocolViolation
from gateway.imap import limits
from gateway.imap.framer import Frame, Streamed


class TooDeep(Struct, frozen=True):
    """Stands for what was nested deeper than ``limits.MAX_NESTING``."""


# None is NIL; octets are a string or an atom.
Node = bytes | Streamed | TooDeep | list["Node"] | None

_QUOTED: Final = rb'"(?:[^"\\]++|\\.?)*+"?+'
# An unclosed string or section takes all that is left, so that it is looked at once.
TOKEN: Final = re.compile(
    rb"[()]"
    rb"|" + _QUOTED + rb"|(?:BODY|BINARY(?:\.SIZE)?)\[(?:[^]\"]++|" + _QUOTED + rb")*+\]?+(?:<[0-9]++>)?+"
    rb"|[^ ()\"\t\r\n]++",
    re.IGNORECASE | re.DOTALL,
)
_WHOLE_QUOTED: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_ESCAPE: Final = re.compile(rb"\\(.)", re.DOTALL)


class Reading(Struct, frozen=True):
    """``nodes``: the top level. ``opened``: parentheses left open. ``stray``: one closed that was never opened.

    ``torn``: a quoted string was not closed, so what follows it is not to be trusted.
    """

    nodes: list[Node]
    opened: int
    stray: bool
    torn: bool

    @property
    def sound(self) -> bool:
        return not (self.opened or self.stray or self.torn)


def unquote(token: bytes) -> bytes:
    """The octets of a quoted string."""
    return _ESCAPE.sub(rb"\1", token[1:-1])


def too_large(frame: Frame) -> bool:
    """Whether the frame's text is beyond what is taken apart."""
    texts = [piece for piece in frame[::2] if isinstance(piece, bytes)]
    return sum(map(len, texts)) > limits.MAX_STRUCTURED or sum(text.count(b"(") for text in texts) > limits.MAX_LISTS


def read(frame: Frame, start: int = 0) -> Reading:
    """The nodes of a frame whose first piece is read from ``start``. Raises ProtocolViolation when over a limit."""
    if too_large(frame):
        raise ProtocolViolation("a response of the mail server is too large to be read")
    lists = _Lists()
    torn = False
    for index, piece in enumerate(frame):
        if index & 1 or not isinstance(piece, bytes):
            lists.literal(piece)
            continue
        tokens: list[bytes] = TOKEN.findall(piece, 0 if index else start)
        lists.take(tokens)
        if tokens and tokens[-1][:1] == b'"' and _WHOLE_QUOTED.fullmatch(tokens[-1]) is None:
            torn = True
    return Reading(lists.nodes, len(lists.stack) + lists.deep, lists.stray, torn)


class _Lists:
    """The lists that are open while tokens come in; the top of ``stack`` holds ``current``."""

    __slots__ = ("current", "deep", "nodes", "stack", "stray")

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.current = self.nodes
        self.stack: list[list[Node]] = []
        self.deep = 0  # parentheses open beyond the limit
        self.stray = False

    def literal(self, piece: bytes | Streamed) -> None:
        if not self.deep:
            self.current.append(piece)

    def take(self, tokens: list[bytes]) -> None:
        """The inner loop of all parsing: written for speed, most frequent tokens first."""
        current, stack, deep = self.current, self.stack, self.deep
        add = current.append
        for token in tokens:
            first = token[0]
            if deep:
                deep += (first == 40) - (first == 41)
            elif first == 34:  # "
                add(token[1:-1] if b"\\" not in token else unquote(token))
            elif token == b"NIL":
                add(None)
            elif first == 40:  # (
                if len(stack) < limits.MAX_NESTING:
                    inner: list[Node] = []
                    add(inner)
                    stack.append(current)
                    current = inner
                    add = inner.append
                else:
                    add(TooDeep())
                    deep = 1
            elif token == b")":
                if stack:
                    current = stack.pop()
                    add = current.append
                else:
                    self.stray = True
            else:
                add(None if len(token) == 3 and token.upper() == b"NIL" else token)
        self.current, self.deep = current, deep


def read_all(frame: Frame, start: int = 0) -> list[Node]:
    """The nodes of a frame that must be sound. Raises ProtocolViolation where parentheses or quotes don't match."""
    reading = read(frame, start)
    if not reading.sound:
        raise ProtocolViolation("parentheses or quotes of the mail server don't match")
    return reading.nodes
