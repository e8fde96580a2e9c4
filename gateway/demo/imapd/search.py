"""Does a message match a search key? (RFC 9051 section 6.4.4)"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import parsedate_to_datetime

from gateway.demo.imapd.entity import Entity
from gateway.demo.imapd.folder import Message
from gateway.demo.imapd.syntax import BadSyntax, Value, atom, ranges, within

Test = Callable[[int, Message], bool]

_FLAGS = {b"ANSWERED", b"DELETED", b"DRAFT", b"FLAGGED", b"SEEN"}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


class Program:
    """A SEARCH program, compiled once: ``test(sequence number, message)``."""

    def __init__(self, keys: list[Value], *, largest: int, largest_uid: int) -> None:
        self._keys = keys
        self._largest = largest
        self._largest_uid = largest_uid
        self._tests = []
        while self._keys:
            self._tests.append(self._one())

    def matches(self, number: int, message: Message) -> bool:
        return all(test(number, message) for test in self._tests)

    def _next(self) -> Value:
        if not self._keys:
            raise BadSyntax("a search key lacks its argument")
        return self._keys.pop(0)

    def _text(self) -> str:
        return atom(self._next()).decode("utf-8", "replace").casefold()

    def _one(self) -> Test:
        head = self._next()
        if isinstance(head, list):
            inner = Program(list(head), largest=self._largest, largest_uid=self._largest_uid)
            return inner.matches
        name = head.upper()
        if name[:1].isdigit() or name[:1] == b"*":
            spans = ranges(name, self._largest)
            return lambda number, _: within(number, spans)
        if name in _FLAGS or (name.startswith(b"UN") and name[2:] in _FLAGS):
            flag, wanted = b"\\" + name.removeprefix(b"UN").capitalize(), not name.startswith(b"UN")
            return lambda _, message: (flag in message.flags) == wanted
        return self._combined(name) or self._textual(name) or self._dated(name) or self._numeric(name)

    def _combined(self, name: bytes) -> Test | None:
        if name == b"ALL":
            return lambda *_: True
        if name == b"NOT":
            inner = self._one()
            return lambda number, message: not inner(number, message)
        if name == b"OR":
            left, right = self._one(), self._one()
            return lambda number, message: left(number, message) or right(number, message)
        if name in {b"KEYWORD", b"UNKEYWORD"}:
            flag = atom(self._next()).lower()
            return lambda _, message: (flag in {each.lower() for each in message.flags}) == (name == b"KEYWORD")
        return None

    def _textual(self, name: bytes) -> Test | None:
        if name in {b"FROM", b"TO", b"CC", b"BCC", b"SUBJECT", b"HEADER"}:
            field = self._text() if name == b"HEADER" else name.decode().lower()
            needle = self._text()
            return lambda _, message: needle in _field(message.entity, field)
        if name in {b"BODY", b"TEXT"}:
            needle = self._text()
            return lambda _, message: needle in _body(message.entity, header=name == b"TEXT")
        return None

    def _dated(self, name: bytes) -> Test | None:
        sent = name.startswith(b"SENT")
        relation = name.removeprefix(b"SENT")
        if relation not in {b"BEFORE", b"ON", b"SINCE"}:
            return None
        day = _day(atom(self._next()))

        def test(_: int, message: Message) -> bool:
            own = (_sent(message.entity) if sent else message.received).date()
            return own < day if relation == b"BEFORE" else own == day if relation == b"ON" else own >= day

        return test

    def _numeric(self, name: bytes) -> Test:
        if name == b"UID":
            spans = ranges(atom(self._next()), self._largest_uid)
            return lambda _, message: within(message.uid, spans)
        if name in {b"LARGER", b"SMALLER", b"MODSEQ"}:
            value = int(atom(self._next()))
            if name == b"MODSEQ":
                return lambda _, message: message.modseq >= value
            return lambda _, message: (len(message.raw) > value) == (name == b"LARGER") and len(message.raw) != value
        raise BadSyntax("unknown search key")


def _day(value: bytes) -> date:
    parts = value.decode("ascii", "replace").split("-")
    if len(parts) != 3 or parts[1].lower() not in _MONTHS or not (parts[0].isdigit() and parts[2].isdigit()):
        raise BadSyntax("not a date")
    return date(int(parts[2]), _MONTHS.index(parts[1].lower()) + 1, int(parts[0]))


def _sent(entity: Entity) -> datetime:
    try:
        return parsedate_to_datetime((entity.first("date") or b"").decode("ascii", "replace"))
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def _field(entity: Entity, name: str) -> str:
    values = [value.decode("utf-8", "replace") for key, value in entity.fields if key == name]
    return " ".join(_words(value) for value in values).casefold()


def _words(value: str) -> str:
    try:
        pieces = decode_header(value)
    except HeaderParseError:
        return value
    return "".join(
        piece if isinstance(piece, str) else piece.decode(charset or "latin-1", "replace") for piece, charset in pieces
    )


def _body(entity: Entity, *, header: bool) -> str:
    texts = [leaf.text() for leaf in entity.leaves() if leaf.type == "text"]
    if header:
        texts += [_words(value.decode("utf-8", "replace")) for _, value in entity.fields]
    return "\n".join(texts).casefold()
